//! Values that are set, in phases.

use super::*;

fn set(shelf: &mut Shelf, hand: &mut SetInHand, body: Body) -> (ResponseError, u16) {
    match ask(shelf, hand, body, 10).0 {
        Some(Body::Response { error, index, .. }) => (error, index),
        other => panic!("{other:?}"),
    }
}

fn test_set(variables: &[(&[u32], Value)]) -> Body {
    let variables = variables.iter();
    let variables = variables.map(|(name, value)| VarBind::new((*name).into(), value.clone()));
    Body::TestSet {
        variables: variables.collect(),
    }
}

const CELL: &[u32] = &[1, 9, 2, 1, 2, 1, 1];

const OTHER_CELL: &[u32] = &[1, 9, 2, 1, 2, 1, 2];

const LABEL: &[u32] = &[1, 9, 1, 0];

const FINE: (ResponseError, u16) = (ResponseError::None, 0);

#[test]
fn a_value_is_set_in_phases() {
    let (mut shelf, mut hand) = (shelf(&[&[5, 6]]), SetInHand::default());
    let wish = test_set(&[(CELL, Value::Gauge32(50)), (LABEL, Value::text("abc"))]);
    assert_eq!(set(&mut shelf, &mut hand, wish), FINE);
    assert_eq!(shelf.boards[0][0], 5, "only tested");
    assert_eq!(set(&mut shelf, &mut hand, Body::CommitSet), FINE);
    assert_eq!(shelf.boards[0][0], 50);
    assert_eq!(shelf.label.as_deref(), Some("abc"));
    let (answer, _) = ask(&mut shelf, &mut hand, Body::CleanupSet, 10);
    assert_eq!(answer, None, "RFC 2741 section 7.2.4.4");
    let again = set(&mut shelf, &mut hand, Body::UndoSet);
    assert_eq!(again.0, ResponseError::UndoFailed, "it is over");
}

#[test]
fn what_cannot_be_set_is_told_with_its_place() {
    let (mut shelf, mut hand) = (shelf(&[&[5, 6]]), SetInHand::default());
    let good = (CELL, Value::Gauge32(1));
    for (name, value, error) in [
        (CELL, Value::Integer(1), ResponseError::WrongType),
        (LABEL, Value::text("abcd"), ResponseError::WrongLength),
        (&[1, 9, 4, 0], Value::Integer(1), ResponseError::NotWritable),
        (
            &[1, 9, 2, 1, 4, 1, 1],
            Value::Integer(1),
            ResponseError::NotWritable,
        ),
        (
            &[1, 9, 2, 1, 2, 8, 8],
            Value::Gauge32(1),
            ResponseError::NoCreation,
        ),
        (&[1, 9, 1, 1], Value::text("a"), ResponseError::NoCreation),
        (&[1, 8], Value::Integer(1), ResponseError::NotWritable),
    ] {
        let wish = test_set(&[good.clone(), (name, value)]);
        assert_eq!(set(&mut shelf, &mut hand, wish), (error, 2), "{name:?}");
    }
    assert_eq!(shelf.boards[0], [5, 6]);
}

#[test]
fn a_commit_that_fails_is_undone() {
    let (mut shelf, mut hand) = (shelf(&[&[5, 6]]), SetInHand::default());
    let wish = test_set(&[(CELL, Value::Gauge32(50)), (OTHER_CELL, Value::Gauge32(13))]);
    assert_eq!(set(&mut shelf, &mut hand, wish), FINE);
    let failed = (ResponseError::CommitFailed, 2);
    assert_eq!(set(&mut shelf, &mut hand, Body::CommitSet), failed);
    assert_eq!(set(&mut shelf, &mut hand, Body::UndoSet), FINE);
    assert_eq!(shelf.boards[0], [5, 6]);
}
