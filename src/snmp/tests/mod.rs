//! A made-up process with scalars and tables, asked as a master asks.

use std::marker::PhantomData;

use proptest::prelude::*;
use scheduler::Instant;

use super::serve::{ANSWER_MAX, SetInHand, Work};
use super::session::Request;
use super::*;
use crate::wire::agentx::{Body, Header, ResponseError, SearchRange};

/// Lists of numbers; 0 does not apply.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shelf {
    boards: Vec<Vec<u32>>,
    by_name: Index<usize>,
    label: Option<String>,
    reads: u32,
}

struct ShelfMib<P>(PhantomData<P>);

impl ShelfMib<Shelf> {
    const MIB: Mib<Shelf> = Mib {
        name: "SHELF-MIB",
        root: &[1, 9],
        objects: &[&Self::THINGS, &Self::LABEL, &Self::NAMED, &Self::WEIGHT],
    };

    const LABEL: Scalar<Shelf> =
        Scalar::<Shelf>::new(&[1, 9, 1], |p| p.label.as_deref().map(Value::text)).writable(Write {
            test: |_, (), value| {
                let Value::OctetString(octets) = value else {
                    return Err(SetError::WrongType);
                };
                if octets.len() > 3 {
                    return Err(SetError::WrongLength);
                }
                Ok(())
            },
            commit: |p, _, (), value| {
                let Value::OctetString(octets) = value else {
                    return Err(SetError::CommitFailed);
                };
                p.label = Some(String::from_utf8_lossy(octets).into_owned());
                Ok(())
            },
        });

    const WEIGHT: Scalar<Shelf> = Scalar::new(&[1, 9, 4], |_| Some(Value::Integer(80)));

    const THINGS: Table<Shelf, (usize, usize)> = Table {
        entry: &[1, 9, 2, 1],
        columns: &[
            Column::<Shelf, (usize, usize)>::new(2, |p, (board, place)| {
                let number = *p.boards.get(board)?.get(place)?;
                (number != 0).then_some(Value::Gauge32(number))
            })
            .refreshed(|p, _, _| p.reads += 1)
            .writable(Write {
                test: |_, _, value| {
                    let is_gauge = matches!(value, Value::Gauge32(_));
                    is_gauge.then_some(()).ok_or(SetError::WrongType)
                },
                commit: |p, _, (board, place), value| {
                    let &Value::Gauge32(number) = value else {
                        return Err(SetError::CommitFailed);
                    };
                    if number == 13 {
                        return Err(SetError::CommitFailed);
                    }
                    p.boards[board][place] = number;
                    Ok(())
                },
            }),
            Column::new(4, |_, (board, _)| Some(Value::integer(board))),
        ],
        rows: &Nested {
            outer: |p: &Shelf| p.boards.len(),
            inner: |p: &Shelf, board| p.boards.get(board).map_or(0, Vec::len),
        },
    };

    const NAMED: Table<Shelf, usize> = Table {
        entry: &[1, 9, 3, 1],
        columns: &[Column::new(1, |_, row| Some(Value::integer(row)))],
        rows: &Kept {
            index: |p: &Shelf| &p.by_name,
        },
    };
}

fn shelf(boards: &[&[u32]]) -> Shelf {
    let named = [(vec![7, 2], 0), (vec![3], 1), (vec![7], 2), (vec![7, 2], 3)];
    Shelf {
        boards: boards.iter().map(|board| board.to_vec()).collect(),
        by_name: Index::new(named.map(|(index, row)| (index.into_boxed_slice(), row))),
        label: None,
        reads: 0,
    }
}

fn names(variables: &[VarBind]) -> Vec<String> {
    let names = variables.iter();
    names.map(|variable| variable.name.to_string()).collect()
}

fn range(start: &[u32], include: bool, end: &[u32]) -> SearchRange {
    SearchRange {
        start: start.into(),
        include,
        end: end.into(),
    }
}

/// Ask, with so many steps a turn; the answer and how many turns it took.
fn ask(shelf: &mut Shelf, set: &mut SetInHand, body: Body, steps: u32) -> (Option<Body>, u32) {
    let tree = Tree::new(&[&ShelfMib::MIB]);
    let header = Header {
        transaction: 5,
        ..Header::default()
    };
    let mut work = Work::new(Request { header, body }).unwrap();
    for turns in 1..100_000 {
        let mut steps = Steps::new(steps);
        let answer = work.proceed(&tree, set, shelf, Instant::ZERO, &mut steps);
        if let Some((_, body)) = answer {
            return (body, turns);
        }
    }
    panic!("no answer");
}

fn found(body: Option<Body>) -> Vec<VarBind> {
    match body {
        Some(Body::Response {
            error: ResponseError::None,
            variables,
            ..
        }) => variables,
        other => panic!("{other:?}"),
    }
}

fn get(shelf: &mut Shelf, name: &[u32]) -> Value {
    let ranges = vec![range(name, true, &[])];
    let (body, _) = ask(shelf, &mut SetInHand::default(), Body::Get { ranges }, 10);
    found(body).remove(0).value
}

#[test]
fn a_walk_goes_column_by_column_and_skips_what_does_not_apply() {
    let mut shelf = shelf(&[&[5, 0], &[], &[0, 6]]);
    let walked = walk(&[&ShelfMib::MIB], &mut shelf);
    assert_eq!(
        names(&walked),
        [
            ".1.9.2.1.2.1.1",
            ".1.9.2.1.2.3.2",
            ".1.9.2.1.4.1.1",
            ".1.9.2.1.4.1.2",
            ".1.9.2.1.4.3.1",
            ".1.9.2.1.4.3.2",
            ".1.9.3.1.1.3",
            ".1.9.3.1.1.7",
            ".1.9.3.1.1.7.2",
            ".1.9.4.0",
        ]
    );
    assert!(walked.is_sorted_by_key(|variable| variable.name.clone()));
    assert_eq!(
        walked[8].value,
        Value::Integer(0),
        "the first of two rows with one index"
    );
}

#[test]
fn get_tells_objects_from_instances() {
    let mut shelf = shelf(&[&[5, 0]]);
    for (name, value) in [
        (&[1, 9, 2, 1, 2, 1, 1][..], Value::Gauge32(5)),
        (&[1, 9, 4, 0], Value::Integer(80)),
        (&[1, 9, 3, 1, 1, 7, 2], Value::Integer(0)),
        // Does not apply, or is not there.
        (&[1, 9, 2, 1, 2, 1, 2], Value::NoSuchInstance),
        (&[1, 9, 2, 1, 2, 1, 3], Value::NoSuchInstance),
        (&[1, 9, 2, 1, 2, 0, 0], Value::NoSuchInstance),
        (&[1, 9, 2, 1, 2, 1], Value::NoSuchInstance),
        (&[1, 9, 2, 1, 2, 1, 1, 1], Value::NoSuchInstance),
        (&[1, 9, 1, 0], Value::NoSuchInstance),
        (&[1, 9, 4], Value::NoSuchInstance),
        (&[1, 9, 4, 0, 0], Value::NoSuchInstance),
        (&[1, 9, 3, 1, 1, 8], Value::NoSuchInstance),
        // No column, no table, no MIB.
        (&[1, 9, 2, 1, 3, 1, 1], Value::NoSuchObject),
        (&[1, 9, 2, 1], Value::NoSuchObject),
        (&[1, 9, 2], Value::NoSuchObject),
        (&[1, 9, 5, 0], Value::NoSuchObject),
        (&[1], Value::NoSuchObject),
        (&[], Value::NoSuchObject),
        (&[2, 9], Value::NoSuchObject),
    ] {
        assert_eq!(get(&mut shelf, name), value, "{name:?}");
    }
    assert_eq!(
        shelf.reads, 2,
        "what is there is looked at before it is read"
    );
}

#[test]
fn getnext_stays_in_its_range() {
    let mut shelf = shelf(&[&[5, 6]]);
    let mut next = |start: &[u32], include, end: &[u32]| {
        let ranges = vec![range(start, include, end)];
        let (body, _) = ask(
            &mut shelf,
            &mut SetInHand::default(),
            Body::GetNext { ranges },
            10,
        );
        let variable = found(body).remove(0);
        (variable.name.to_string(), variable.value)
    };
    let first = (".1.9.2.1.2.1.1".to_owned(), Value::Gauge32(5));
    assert_eq!(next(&[1, 9], false, &[]), first);
    assert_eq!(next(&[1, 9, 2, 1, 2, 1, 1], true, &[]), first);
    assert_eq!(
        next(&[1, 9, 2, 1, 2, 1], false, &[1, 9, 2, 1, 2, 1, 2]),
        first
    );
    let second = (".1.9.2.1.2.1.2".to_owned(), Value::Gauge32(6));
    assert_eq!(next(&[1, 9, 2, 1, 2, 1, 1], false, &[]), second);
    assert_eq!(next(&[1, 9, 2, 1, 2, 1, 1, 99], false, &[]), second);
    let outside = (".1.9.2.1.2.1.1".to_owned(), Value::EndOfMibView);
    assert_eq!(
        next(&[1, 9, 2, 1, 2, 1, 1], false, &[1, 9, 2, 1, 2, 1, 2]),
        outside
    );
    let end = (".1.9.4.0".to_owned(), Value::EndOfMibView);
    assert_eq!(next(&[1, 9, 4, 0], false, &[]), end);
    let column = (".1.9.2.1.4.1.1".to_owned(), Value::Integer(0));
    assert_eq!(next(&[1, 9, 2, 1, 2, 9], false, &[]), column);
    assert_eq!(next(&[1, 9, 2, 1, 3, 5, 5], false, &[]), column);
    let table = (".1.9.3.1.1.3".to_owned(), Value::Integer(1));
    assert_eq!(next(&[1, 9, 2, 1, 5], false, &[]), table);
}

#[test]
fn getbulk_repeats_what_is_behind_the_non_repeaters() {
    let mut shelf = shelf(&[&[5, 6, 7]]);
    let ranges = vec![
        range(&[1, 9, 4], false, &[]),
        range(&[1, 9, 2, 1, 2], false, &[1, 9, 2, 1, 3]),
        range(&[1, 9, 3], false, &[1, 9, 4]),
    ];
    let body = Body::GetBulk {
        non_repeaters: 1,
        max_repetitions: 50,
        ranges,
    };
    let (body, _) = ask(&mut shelf, &mut SetInHand::default(), body, 1000);
    let variables = found(body);
    assert_eq!(
        names(&variables),
        [
            ".1.9.4.0",
            ".1.9.2.1.2.1.1",
            ".1.9.3.1.1.3",
            ".1.9.2.1.2.1.2",
            ".1.9.3.1.1.7",
            ".1.9.2.1.2.1.3",
            ".1.9.3.1.1.7.2",
            ".1.9.2.1.2.1.3",
            ".1.9.3.1.1.7.2",
        ],
        "until all have ended"
    );
    assert!(
        variables[7..]
            .iter()
            .all(|v| v.value == Value::EndOfMibView)
    );
    assert!(!variables[6].value.is_exception());
}

#[test]
fn an_answer_to_getbulk_is_bounded_and_made_in_parts() {
    let row: Vec<u32> = (1..=10_000).collect();
    let mut shelf = shelf(&[&row]);
    let bulk = Body::GetBulk {
        non_repeaters: 0,
        max_repetitions: u16::MAX,
        ranges: vec![range(&[1, 9], false, &[])],
    };
    let (body, turns) = ask(&mut shelf, &mut SetInHand::default(), bulk, 100);
    let mut octets = Vec::new();
    let count = found(body.clone()).len();
    crate::wire::agentx::Pdu::new(Header::default(), body.unwrap()).encode(&mut octets);
    assert!(octets.len() < ANSWER_MAX + 1000, "{}", octets.len());
    assert!(count > 1000, "{count}");
    assert!(turns as usize >= count / 100, "{turns} turns of 100 steps");
}

#[test]
fn a_search_over_many_rows_without_a_value_pauses() {
    let mut shelf = shelf(&[&[0; 10_000]]);
    shelf.boards[0][9_999] = 1;
    let ranges = vec![range(&[1, 9, 2], false, &[])];
    let (body, turns) = ask(
        &mut shelf,
        &mut SetInHand::default(),
        Body::GetNext { ranges },
        100,
    );
    assert_eq!(names(&found(body)), [".1.9.2.1.2.1.10000"]);
    assert!(turns >= 99, "{turns}");
}

fn boards() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(0_u32..3, 0..5), 0..5)
}

proptest! {
    /// From any name on, with any number of steps a turn, the next variable is the
    /// first that a whole walk has behind it.
    #[test]
    fn getnext_is_what_a_walk_has(
        boards in boards(),
        start in prop::collection::vec(0_u32..5, 0..5),
        include in any::<bool>(),
        steps in 1_u32..4,
    ) {
        let mut shelf = Shelf { boards, ..shelf(&[]) };
        let walked = walk(&[&ShelfMib::MIB], &mut shelf);
        let start = Oid::join(&[1, 9], &start);
        let wanted = walked.iter().find(|v| v.name > start || (include && v.name == start));
        let ranges = vec![range(&start, include, &[])];
        let (body, _) = ask(&mut shelf, &mut SetInHand::default(), Body::GetNext { ranges }, steps);
        let got = found(body).remove(0);
        match wanted {
            Some(wanted) => prop_assert_eq!(&got, wanted),
            None => prop_assert_eq!(got.value, Value::EndOfMibView),
        }
    }

    /// Rows by three places, against all there are.
    #[test]
    fn three_levels_are_in_order(
        sizes in prop::collection::vec(prop::collection::vec(0_usize..3, 0..4), 0..4),
        after in prop::collection::vec(0_u32..5, 0..5),
    ) {
        let rows = NestedTwice::<Vec<Vec<usize>>> {
            outer: Vec::len,
            middle: |p, first| p[first].len(),
            inner: |p, first, second| p[first][second],
        };
        let mut all = Vec::new();
        for (first, middle) in (1_u32..).zip(&sizes) {
            for (second, count) in (1_u32..).zip(middle) {
                all.extend((1_u32..).take(*count).map(|third| vec![first, second, third]));
            }
        }
        let mut name = Vec::new();
        let row = rows.next(&sizes, &after, &mut name);
        let wanted = all.iter().find(|index| **index > after);
        prop_assert_eq!(row.map(|_| &name), wanted);
        if row.is_some() {
            prop_assert_eq!(rows.find(&sizes, &name), row);
        }
    }
}
