//! What an SNMP master agent sends: packets of AgentX, one by one and as a stream, with
//! requests worked off on a small tree of objects. Memory stays bounded, and there is
//! always a next attempt.
#![no_main]

use keepalived::snmp::serve::{ANSWER_MAX, SetInHand, Work};
use keepalived::snmp::session::{Action, CONGESTION, Identity, Session};
use keepalived::snmp::{
    Column, Mib, Nested, Notification, Oid, Scalar, SetError, Steps, Table, Tree, Value, VarBind,
    Write,
};
use keepalived::wire::agentx::{Pdu, frame_length};
use keepalived_fuzz::{Choices, now};
use libfuzzer_sys::fuzz_target;

struct Shelf {
    boards: Vec<Vec<u32>>,
    label: String,
}

static MIB: Mib<Shelf> = Mib {
    name: "SHELF-MIB",
    root: &[1, 9],
    objects: &[&THINGS, &LABEL],
};

static LABEL: Scalar<Shelf> =
    Scalar::<Shelf>::new(&[1, 9, 3], |shelf| Some(Value::text(&shelf.label))).writable(Write {
        test: |_, (), value| match value {
            Value::OctetString(octets) if octets.len() < 100 => Ok(()),
            Value::OctetString(_) => Err(SetError::WrongLength),
            _ => Err(SetError::WrongType),
        },
        commit: |shelf, _, (), value| match value {
            Value::OctetString(octets) if octets.first() != Some(&b'!') => {
                shelf.label = String::from_utf8_lossy(octets).into_owned();
                Ok(())
            }
            _ => Err(SetError::CommitFailed),
        },
    });

static THINGS: Table<Shelf, (usize, usize)> = Table {
    entry: &[1, 9, 2, 1],
    columns: &[
        Column::<Shelf, (usize, usize)>::new(2, |shelf, (board, place)| {
            let number = *shelf.boards.get(board)?.get(place)?;
            (number != 0).then_some(Value::Gauge32(number))
        }),
        Column::new(4, |_, (board, _)| Some(Value::integer(board))),
    ],
    rows: &Nested {
        outer: |shelf: &Shelf| shelf.boards.len(),
        inner: |shelf: &Shelf, board| shelf.boards.get(board).map_or(0, Vec::len),
    },
};

fuzz_target!(|octets: &[u8]| {
    packet(octets);
    let mut choices = Choices::new(octets);
    let mut bench = Bench::new(choices.truth());
    while !choices.is_over() {
        bench.step(&mut choices);
    }
    assert!(bench.session.deadline().is_some());
});

/// What is decoded is the same when it is written and decoded again.
fn packet(octets: &[u8]) {
    let Ok(pdu) = Pdu::decode(octets) else {
        let _ = frame_length(octets);
        return;
    };
    let mut again = Vec::new();
    pdu.encode(&mut again);
    assert_eq!(frame_length(&again), Ok(Some(again.len())));
    assert_eq!(Pdu::decode(&again), Ok(pdu));
}

struct Bench {
    session: Session,
    actions: Vec<Action>,
    now: scheduler::Instant,
    shelf: Shelf,
    set: SetInHand,
    tree: Tree<Shelf>,
}

impl Bench {
    fn new(serves: bool) -> Self {
        let mut bench = Self {
            session: Session::default(),
            actions: Vec::new(),
            now: now(),
            shelf: Shelf {
                boards: vec![vec![5, 0, 3], vec![], vec![7]],
                label: "shelf".into(),
            },
            set: SetInHand::default(),
            tree: Tree::new(&[&MIB]),
        };
        let identity = Identity {
            description: "fuzz".into(),
            regions: vec![(MIB.name, MIB.root)],
        };
        bench.session.start(bench.now, identity, &mut bench.actions);
        if serves {
            bench.session.connected(bench.now);
            for packet in 1..=2 {
                bench.respond(packet);
            }
            assert!(bench.session.is_serving());
        }
        bench
    }

    /// An answer without error to one of our packets.
    fn respond(&mut self, packet: u8) {
        let head = [1, 18, 0x10, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, packet];
        self.session.received(&head);
        self.session.received(&[0, 0, 0, 8]);
        self.session.received(&[0; 8]);
        self.work();
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(10) {
            0 => self.session.connected(self.now),
            1 => self.session.lost(self.now, "gone", &mut self.actions),
            2 => {
                self.now = self.session.deadline().unwrap_or(self.now).max(self.now);
                self.session.tick(self.now, &mut self.actions);
            }
            3 => self.session.wrote(choices.short().into()),
            4 => self.respond(choices.octet()),
            5 => {
                for _ in 0..choices.octet() {
                    self.session.notify(Notification {
                        name: Oid::new(&[1, 2]),
                        variables: vec![VarBind::new(Oid::new(&[2]), Value::Integer(1))],
                    });
                }
            }
            6 => {
                // A whole packet of this session.
                let payload = choices.octets();
                let payload = &payload[..payload.len() / 4 * 4];
                let kind = choices.octet() % 20;
                let mut octets = vec![1, kind, 0x10, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 3];
                octets.extend(u32::try_from(payload.len()).expect("short").to_be_bytes());
                octets.extend(payload);
                self.session.received(&octets);
            }
            _ => self.session.received(choices.octets()),
        }
        self.work();
        for action in self.actions.drain(..) {
            if action == Action::Disconnect {
                self.session.disconnected();
            }
        }
        assert!(self.session.output().len() <= CONGESTION + 2 * ANSWER_MAX);
    }

    fn work(&mut self) {
        while let Some(request) = self.session.next_request(self.now, &mut self.actions) {
            let Some(mut work) = Work::new(request) else {
                continue;
            };
            let mut turns = 0;
            loop {
                let mut steps = Steps::new(50);
                let answer = work.proceed(
                    &self.tree,
                    &mut self.set,
                    &mut self.shelf,
                    self.now,
                    &mut steps,
                );
                if let Some((header, body)) = answer {
                    if let Some(body) = body {
                        self.session.answer(header, body);
                    }
                    break;
                }
                turns += 1;
                assert!(turns < 100_000, "no answer");
            }
        }
    }
}
