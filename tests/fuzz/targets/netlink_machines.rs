//! The machines behind the netlink sockets: the mirror of links and addresses, dumps of
//! them, the reader of the IPVS table and batches of requests are told anything the
//! kernel could say, in any order.
#![no_main]

use keepalived::ipvs::reader::{Detail, Reader, Scope as IpvsScope, Step as IpvsStep};
use keepalived::model::{IfIndex, IpNet};
use keepalived::netlink::addr::{AddressMessage, AddressRequest};
use keepalived::netlink::dump::{Dump, Paths, Scope, Step};
use keepalived::netlink::error::Reply;
use keepalived::netlink::genl::Family;
use keepalived::netlink::header::{Header, Message, Messages, kind};
use keepalived::netlink::link::{LinkFlags, LinkMessage};
use keepalived::netlink::{Batch, Changes, Mirror, Operation, Origin, Outcomes, Tolerate};
use keepalived_fuzz::Choices;
use libfuzzer_sys::fuzz_target;

const PORT: u32 = 77;
const IPVS: Family = Family {
    number: 33,
    version: 1,
};
const NAMES: [&str; 3] = ["eth0", "eth1", "vrrp.51"];

struct Bench {
    mirror: Mirror,
    changes: Changes,
    dump: Dump,
    reader: Reader,
    batch: Batch,
    outcomes: Outcomes,
    tickets: u64,
}

fuzz_target!(|octets: &[u8]| {
    let mut choices = Choices::new(octets);
    let mut bench = Bench {
        mirror: Mirror::new(),
        changes: Changes::new(),
        dump: Dump::default(),
        reader: Reader::new(IPVS),
        batch: Batch::new(),
        outcomes: Outcomes::new(),
        tickets: 0,
    };
    while !choices.is_over() {
        bench.step(&mut choices);
    }
    bench.finish();
});

impl Bench {
    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(10) {
            0 => {
                for message in Messages::new(choices.octets()) {
                    self.hear(&message);
                }
            }
            1 => self.link(choices),
            2 | 3 => self.address(choices),
            4 => self.control(choices),
            5 => self.mirror.settle(&mut self.changes),
            6 => self.lose(choices),
            7 => self.begin(choices),
            8 => {
                for _ in 0..choices.below(8) {
                    self.tickets += 1;
                    let net = IpNet {
                        addr: [10, 0, 0, choices.octet()].into(),
                        prefix: 24,
                    };
                    let request = AddressRequest::new(IfIndex(2), net);
                    let operation = choices.pick(&[Operation::Add, Operation::Delete]);
                    self.batch
                        .push(&request, operation, self.tickets, Tolerate::NOTHING);
                }
            }
            _ => {
                let taken = self.batch.take(choices.below(9) + 1).map(<[u8]>::to_vec);
                if let Some(octets) = taken {
                    assert!(Messages::new(&octets).count() > 0);
                }
            }
        }
    }

    fn hear(&mut self, message: &Message<'_>) {
        let origin = Origin::of(message, PORT);
        self.mirror.hear(message, origin);
        match self.dump.hear(message, PORT) {
            Step::Ask | Step::AskForPaths => self.dump.question(&mut Vec::new()),
            Step::Complete(Scope::Everything) => self.mirror.resynchronised(),
            Step::Complete(Scope::Addresses) => self.mirror.addresses_resynchronised(),
            Step::Refused(_) => assert!(!self.dump.is_running()),
            Step::Continue => {}
        }
        match self.reader.hear(message) {
            IpvsStep::Ask => self.reader.question(&mut Vec::new()),
            IpvsStep::Complete => {
                assert!(!self.reader.is_busy());
                let _ = self.reader.take();
            }
            IpvsStep::Refused(_) => assert!(!self.reader.is_busy()),
            IpvsStep::Continue => {}
        }
        if let Some(reply) = Reply::parse(message) {
            self.batch.reply(&reply, &mut self.outcomes);
        }
    }

    fn whole(&mut self, buffer: &[u8]) {
        for message in Messages::new(buffer) {
            self.hear(&message);
        }
    }

    fn link(&mut self, choices: &mut Choices<'_>) {
        let header = header(choices, &[kind::NEW_LINK, kind::DEL_LINK]);
        let link = LinkMessage {
            index: u32::from(choices.octet() % 4),
            flags: LinkFlags(choices.word()),
            name: Some(choices.pick(&NAMES)),
            kind: choices.truth().then_some("macvlan"),
            parent: Some(IfIndex(u32::from(choices.octet() % 4))),
            ..LinkMessage::default()
        };
        let mut buffer = Vec::new();
        link.write(&mut buffer, header);
        self.whole(&buffer);
    }

    fn address(&mut self, choices: &mut Choices<'_>) {
        let header = header(choices, &[kind::NEW_ADDRESS, kind::DEL_ADDRESS]);
        let address = match choices.octet() {
            host @ 0..200 => [10, 0, 0, host % 4].into(),
            _ => choices.address(),
        };
        let message = AddressMessage {
            family: if address.is_ipv4() { 2 } else { 10 },
            prefix: choices.octet(),
            index: u32::from(choices.octet() % 4),
            address: Some(address),
            local: choices.truth().then_some(address),
            ..AddressMessage::default()
        };
        let mut buffer = Vec::new();
        message.write(&mut buffer, header);
        self.whole(&buffer);
    }

    /// The end of a dump or an answer.
    fn control(&mut self, choices: &mut Choices<'_>) {
        let header = header(choices, &[kind::DONE, kind::ERROR]);
        let errno = choices.pick(&[0, -3, -13, -17, -99, i32::MIN]);
        let mut payload = errno.to_ne_bytes().to_vec();
        payload.extend(choices.octets());
        self.hear(&Message {
            header,
            payload: &payload,
        });
    }

    fn lose(&mut self, choices: &mut Choices<'_>) {
        match choices.below(3) {
            0 => self.mirror.lost(),
            1 => self.dump.abandon(),
            _ => self.batch.lost(105, &mut self.outcomes),
        }
    }

    fn begin(&mut self, choices: &mut Choices<'_>) {
        if choices.truth() {
            self.reader.begin(
                IpvsScope::All,
                choices.pick(&[Detail::Settings, Detail::Counters]),
            );
        } else if !self.dump.is_running() {
            let paths = Paths {
                routes: choices.truth(),
                rules: choices.truth(),
            };
            let scope = choices.pick(&[Scope::Addresses, Scope::Everything]);
            self.dump.begin(scope, paths);
        }
    }

    /// No change is told twice, and each request is answered at most once.
    fn finish(&mut self) {
        self.mirror.settle(&mut self.changes);
        self.changes.clear();
        self.mirror.settle(&mut self.changes);
        assert!(self.changes.is_empty(), "{:?}", self.changes);
        let mut told = 0;
        for link in self.mirror.links() {
            told += self.mirror.addresses_of(link.index).count();
        }
        assert!(told <= self.mirror.address_count());
        let mut tickets: Vec<_> = self.outcomes.iter().map(|outcome| outcome.ticket).collect();
        let all = tickets.len();
        tickets.sort_unstable();
        tickets.dedup();
        assert_eq!(tickets.len(), all, "answered twice");
    }
}

fn header(choices: &mut Choices<'_>, kinds: &[u16]) -> Header {
    Header {
        kind: choices.pick(kinds),
        flags: choices.pick(&[0, 2, 0x10, 0x300]),
        sequence: u32::from(choices.octet() % 8),
        port: choices.pick(&[PORT, 0, 5]),
    }
}
