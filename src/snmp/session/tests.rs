use proptest::prelude::*;

use super::*;
use crate::wire::agentx::{Region, SearchRange, frame_length};

const ROOTS: [(&str, &[u32]); 2] = [("A-MIB", &[1, 3, 6, 1, 9]), ("B-MIB", &[1, 3, 6, 1, 8])];

/// A session, and the master at its other end.
#[derive(Default)]
struct Play {
    session: Session,
    actions: Vec<Action>,
    now: Instant,
}

impl Play {
    fn started() -> Self {
        let mut play = Self::default();
        let identity = Identity {
            description: "test".to_owned(),
            regions: ROOTS.to_vec(),
        };
        play.session.start(play.now, identity, &mut play.actions);
        assert_eq!(play.actions(), [Action::Connect]);
        play
    }

    /// A session that serves.
    fn serving() -> Self {
        let mut play = Self::started();
        play.open();
        assert_eq!(play.actions(), [Action::Tell(News::Serving)]);
        play
    }

    fn open(&mut self) {
        self.session.connected(self.now);
        for _ in 0..3 {
            let packet = self.sent().pop().unwrap();
            self.respond(packet.header.packet, ResponseError::None);
        }
    }

    fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// What was sent since the last call.
    fn sent(&mut self) -> Vec<Pdu> {
        let output = self.session.output().to_vec();
        self.session.wrote(output.len());
        let (mut rest, mut pdus) = (output.as_slice(), Vec::new());
        while let Ok(Some(length)) = frame_length(rest) {
            pdus.push(Pdu::decode(&rest[..length]).unwrap());
            rest = &rest[length..];
        }
        assert!(rest.is_empty());
        pdus
    }

    fn hear(&mut self, pdu: &Pdu) -> Option<Request> {
        let mut octets = Vec::new();
        pdu.encode(&mut octets);
        self.session.received(&octets);
        self.session.next_request(self.now, &mut self.actions)
    }

    fn respond(&mut self, packet: u32, error: ResponseError) {
        let header = Header {
            session: 77,
            packet,
            ..Header::default()
        };
        assert_eq!(self.hear(&Pdu::new(header, response(error))), None);
    }

    fn ask(&mut self, session: u32, body: Body) -> Option<Request> {
        let header = Header {
            session,
            transaction: 1,
            packet: 500,
            ..Header::default()
        };
        self.hear(&Pdu::new(header, body))
    }

    /// Until its next deadline.
    fn wait(&mut self) -> Duration {
        let deadline = self.session.deadline().unwrap();
        let waited = deadline.since(self.now);
        self.now = deadline;
        self.session.tick(self.now, &mut self.actions);
        waited
    }

    fn lost(&mut self) -> (String, Duration, bool) {
        match self.actions().as_slice() {
            [
                Action::Disconnect,
                Action::Tell(News::Lost {
                    why,
                    again,
                    is_repeated,
                }),
            ] => (why.clone(), *again, *is_repeated),
            other => panic!("{other:?}"),
        }
    }
}

fn trap(number: u32) -> Notification {
    Notification {
        name: Oid::new(&[1, number]),
        variables: vec![VarBind::new(Oid::new(&[2]), Value::Integer(1))],
    }
}

fn get() -> Body {
    Body::Get {
        ranges: vec![SearchRange {
            start: Oid::new(&[1, 3]),
            include: true,
            end: Oid::default(),
        }],
    }
}

#[test]
fn it_opens_and_registers_one_region_after_the_other() {
    let mut play = Play::started();
    play.session.connected(play.now);
    let open = play.sent().remove(0);
    assert!(matches!(&open.body, Body::Open { description, .. } if description == b"test"));
    assert_eq!(open.header.session, 0);
    play.respond(open.header.packet, ResponseError::None);
    for (_, root) in ROOTS {
        let register = play.sent();
        let [Pdu { header, body, .. }] = &register[..] else {
            panic!("{register:?}");
        };
        assert_eq!(header.session, 77, "the number that the master has given");
        let region = Region::below(root.into());
        assert_eq!(*body, Body::Register { region, timeout: 0 });
        play.respond(header.packet, ResponseError::None);
    }
    assert!(play.session.is_serving());
}

#[test]
fn a_region_that_is_refused_is_told_and_the_others_served() {
    let mut play = Play::started();
    play.session.connected(play.now);
    for error in [ResponseError::None, ResponseError::DuplicateRegistration] {
        let packet = play.sent().remove(0).header.packet;
        play.respond(packet, error);
    }
    let packet = play.sent().remove(0).header.packet;
    play.respond(packet, ResponseError::None);
    let refused = News::Refused {
        mib: "A-MIB",
        error: ResponseError::DuplicateRegistration,
    };
    assert_eq!(
        play.actions(),
        [Action::Tell(refused), Action::Tell(News::Serving)]
    );
}

#[test]
fn pauses_grow_while_there_is_no_master_and_only_the_first_failure_is_news() {
    let mut play = Play::started();
    let mut pauses = Vec::new();
    for attempt in 0..9 {
        play.session.lost(play.now, "refused", &mut play.actions);
        let (_, again, is_repeated) = play.lost();
        assert_eq!(is_repeated, attempt > 0);
        pauses.push(again.as_secs());
        assert_eq!(play.wait(), again);
        assert_eq!(play.actions(), [Action::Connect]);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    play.open();
    assert!(play.session.is_serving());
    // It was short: no master that comes and goes is asked every second.
    play.actions();
    play.session.lost(play.now, "gone", &mut play.actions);
    assert_eq!(
        play.lost(),
        ("gone".to_owned(), Duration::from_secs(60), false)
    );
    play.wait();
    play.actions();
    play.open();
    play.actions();
    play.now += LASTING;
    play.session.lost(play.now, "gone", &mut play.actions);
    assert_eq!(play.lost().1, FIRST_PAUSE);
}

#[test]
fn a_silent_master_is_left_in_every_state() {
    let silent = |play: &mut Play| {
        assert_eq!(play.wait(), PATIENCE);
        play.lost().0
    };
    let mut play = Play::started();
    assert_eq!(silent(&mut play), "no connection in time");
    let mut play = Play::started();
    play.session.connected(play.now);
    assert_eq!(silent(&mut play), "it does not answer");
    let mut play = Play::started();
    play.session.connected(play.now);
    let packet = play.sent().remove(0).header.packet;
    play.respond(packet, ResponseError::None);
    assert_eq!(silent(&mut play), "it does not answer");
    let mut play = Play::serving();
    assert_eq!(play.wait(), PING_INTERVAL);
    assert_eq!(play.sent().remove(0).body, Body::Ping);
    assert_eq!(silent(&mut play), "it does not answer");
}

#[test]
fn a_master_that_answers_pings_is_kept() {
    let mut play = Play::serving();
    for _ in 0..3 {
        assert_eq!(play.wait(), PING_INTERVAL);
        let ping = play.sent().remove(0);
        assert_eq!(ping.body, Body::Ping);
        play.respond(ping.header.packet, ResponseError::None);
        assert!(play.actions().is_empty());
    }
    play.wait();
    let packet = play.sent().remove(0).header.packet;
    play.respond(packet, ResponseError::NotOpen);
    assert_eq!(play.lost().0, "it has forgotten the session");
}

#[test]
fn requests_are_handed_out_one_by_one() {
    let mut play = Play::serving();
    let request = play.ask(77, get()).unwrap();
    assert_eq!((request.header.packet, request.body), (500, get()));
    let second = play.ask(77, Body::CommitSet).unwrap();
    assert_eq!(second.body, Body::CommitSet);
    play.session
        .answer(request.header, response(ResponseError::None));
    let answer = play.sent().remove(0);
    assert_eq!(answer.header, request.header);
}

#[test]
fn a_request_for_another_session_or_context_is_answered_at_once() {
    let mut play = Play::serving();
    assert_eq!(play.ask(78, get()), None);
    assert_eq!(play.sent().remove(0).body, response(ResponseError::NotOpen));
    let mut pdu = Pdu::new(Header::default(), get());
    pdu.header.session = 77;
    pdu.context = Some(b"other".to_vec());
    assert_eq!(play.hear(&pdu), None);
    let error = response(ResponseError::UnsupportedContext);
    assert_eq!(play.sent().remove(0).body, error);
    assert!(play.session.is_serving());
}

#[test]
fn garbage_ends_the_session_with_a_farewell() {
    let mut play = Play::serving();
    play.session.received(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(play.session.next_request(play.now, &mut play.actions), None);
    let reason = CloseReason::ParseError;
    assert_eq!(play.sent().remove(0).body, Body::Close { reason });
    assert_eq!(play.lost().0, "it has sent version 72 instead of 1");
    // What comes behind it counts no more.
    play.session.received(b"more");
    assert_eq!(play.session.next_request(play.now, &mut play.actions), None);
    assert!(play.actions().is_empty());
}

#[test]
fn the_masters_farewell_is_told() {
    let mut play = Play::serving();
    let reason = CloseReason::Shutdown;
    assert_eq!(play.ask(77, Body::Close { reason }), None);
    assert_eq!(play.lost().0, "it has closed the session (Shutdown)");
}

#[test]
fn notifications_wait_for_a_session_and_the_oldest_give_way() {
    let mut play = Play::started();
    let more = 3;
    for number in 0..u32::try_from(NOTIFICATIONS_MAX).unwrap() + more {
        play.session.notify(trap(number));
    }
    play.open();
    let told = [
        Action::Tell(News::Serving),
        Action::Tell(News::Dropped(more.into())),
    ];
    assert_eq!(play.actions(), told);
    let sent = play.sent();
    assert_eq!(sent.len(), NOTIFICATIONS_MAX);
    let Body::Notify { variables } = &sent[0].body else {
        panic!("{:?}", sent[0]);
    };
    let name = Value::ObjectIdentifier(Oid::new(&[1, more]));
    assert_eq!(variables[0], VarBind::new(Oid::new(&SNMP_TRAP_OID), name));
    assert_eq!(variables[1].value, Value::Integer(1));
}

#[test]
fn a_master_that_does_not_read_is_asked_for_nothing_more() {
    let mut play = Play::serving();
    let header = Header::default();
    let text = "x".repeat(1000);
    let variables = vec![VarBind::new(Oid::default(), Value::text(&text))];
    let body = Body::Notify { variables };
    while !play.session.is_congested() {
        play.session.answer(header, body.clone());
    }
    assert!(!play.session.wants_input());
    play.session.notify(trap(1));
    let octets = play.session.output().len();
    assert!(octets < CONGESTION + 2000);
    assert_eq!(play.ask(77, get()), None, "it waits");
    play.session.wrote(octets);
    let notified = play.sent();
    assert!(matches!(
        notified[..],
        [Pdu {
            body: Body::Notify { .. },
            ..
        }]
    ));
    let request = play.session.next_request(play.now, &mut play.actions);
    assert_eq!(request.map(|request| request.body), Some(get()));
}

#[test]
fn stopped_it_says_so_and_is_silent() {
    let mut play = Play::serving();
    play.session.stop(&mut play.actions);
    assert_eq!(play.actions(), [Action::Disconnect]);
    let reason = CloseReason::Shutdown;
    assert_eq!(play.sent().remove(0).body, Body::Close { reason });
    assert_eq!(play.session.deadline(), None);
    play.session.notify(trap(1));
    play.session.stop(&mut play.actions);
    assert!(play.actions().is_empty() && play.session.output().is_empty());
}

proptest! {
    /// Whatever a master sends, in whatever pieces: no panic, bounded memory, and there
    /// is always a next attempt.
    #[test]
    fn no_master_stops_it(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8),
        is_framed in any::<bool>(),
        serving in any::<bool>(),
    ) {
        let mut play = if serving { Play::serving() } else { Play::started() };
        for piece in &pieces {
            if is_framed {
                let kind = piece.first().map_or(18, |octet| octet % 20);
                let payload = &piece[piece.len() % 4..];
                let mut octets = vec![1, kind, 0x10, 0];
                octets.extend([0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 3]);
                octets.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
                octets.extend(payload);
                play.session.received(&octets);
            } else {
                play.session.received(piece);
            }
            while let Some(request) = play.session.next_request(play.now, &mut play.actions) {
                play.session.answer(request.header, response(ResponseError::None));
            }
        }
        prop_assert!(play.session.output().len() <= CONGESTION + 1000);
        prop_assert!(play.session.deadline().is_some());
    }
}
