//! What of the kernel is this daemon's, for the next life of its process.
//!
//! The kernel does not say who made a service. After a crash, or a stop that
//! kept the table (`--dont-release-ipvs`), a service that is no longer configured
//! would stay for good, unless its key was written down; and so would time-outs
//! (`lvs_timeouts`), unless those before were. A line each:
//!
//! ```text
//! in balancers
//! timeouts 900 120 300 for 100 20 30
//! tcp 192.0.2.1 80
//! mark 4 7
//! ```
//!
//! *In* is the network namespace, if it is not that of the process
//! (`net_namespace_ipvs`). Lines that are not understood or not complete are left out,
//! so that a damaged list deletes nothing of others; and so is all of it if that one is
//! damaged, as it says where.

use std::collections::BTreeSet;

use super::genl::control::Timeouts;
use super::service::{Protocol, ServiceKey};
use crate::model::{Family, OtherNamespace};

const TIMEOUTS: &str = "timeouts";
const FOR: &str = "for";

/// Time-outs that were changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChangedTimeouts {
    /// Those that were there.
    pub before: Timeouts,
    /// Those that the kernel was given.
    pub given: Timeouts,
}

/// What is this daemon's.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Remembered {
    /// The network namespace of the services, if it is not that of the process.
    pub namespace: Option<OtherNamespace>,
    /// Time-outs to be given back.
    pub timeouts: Option<ChangedTimeouts>,
    /// The services.
    pub services: BTreeSet<ServiceKey>,
}

impl Remembered {
    /// As text.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::new();
        if let Some(namespace) = &self.namespace {
            text.push_str(&format!("{namespace}\n"));
        }
        if let Some(ChangedTimeouts { before, given }) = &self.timeouts {
            let [before, given] = [before, given].map(numbers);
            text.push_str(&format!("{TIMEOUTS} {before} {FOR} {given}\n"));
        }
        text.extend(self.services.iter().map(line));
        text
    }

    /// What a text says.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut all = Self::default();
        let lines = text.split_inclusive('\n');
        for line in lines.filter_map(|line| line.strip_suffix('\n')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                [TIMEOUTS, before @ .., FOR, _, _, _] if before.len() == 3 => {
                    all.timeouts = changed(before, &words);
                }
                [OtherNamespace::WORD, ..] => match OtherNamespace::parse(line) {
                    Some(namespace) => all.namespace = Some(namespace),
                    None => return Self::default(),
                },
                _ => all.services.extend(key(line)),
            }
        }
        all
    }

    /// Whether there is nothing to undo.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timeouts.is_none() && self.services.is_empty()
    }
}

fn numbers(timeouts: &Timeouts) -> String {
    let Timeouts { tcp, tcp_fin, udp } = timeouts;
    format!("{tcp} {tcp_fin} {udp}")
}

fn changed(before: &[&str], words: &[&str]) -> Option<ChangedTimeouts> {
    Some(ChangedTimeouts {
        before: timeouts(before)?,
        given: timeouts(words.get(before.len() + 2..)?)?,
    })
}

fn timeouts(words: &[&str]) -> Option<Timeouts> {
    let [tcp, tcp_fin, udp] = words else {
        return None;
    };
    Some(Timeouts {
        tcp: tcp.parse().ok()?,
        tcp_fin: tcp_fin.parse().ok()?,
        udp: udp.parse().ok()?,
    })
}

fn line(key: &ServiceKey) -> String {
    match key {
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => format!("{} {address} {port}\n", protocol.word()),
        ServiceKey::Mark { family, mark } => {
            let version = match family {
                Family::V4 => 4,
                Family::V6 => 6,
            };
            format!("mark {version} {mark}\n")
        }
    }
}

fn key(line: &str) -> Option<ServiceKey> {
    let mut words = line.split(' ');
    let (Some(kind), Some(second), Some(third), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    if kind == "mark" {
        let family = match second {
            "4" => Family::V4,
            "6" => Family::V6,
            _ => return None,
        };
        let mark = third.parse().ok()?;
        return Some(ServiceKey::Mark { family, mark });
    }
    let mut protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter();
    Some(ServiceKey::Address {
        protocol: protocols.find(|protocol| protocol.word() == kind)?,
        address: second.parse().ok()?,
        port: third.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipvs::testing;

    proptest! {
        #[test]
        fn a_list_is_read_as_it_was_written(
            services in prop::collection::btree_set(testing::service_key(), 0..9),
            namespace in prop::option::of("[a-z/]{1,9}"),
            timeouts in prop::option::of(prop::array::uniform6(0u32..)),
        ) {
            let timeouts = timeouts.map(|[tcp, tcp_fin, udp, a, b, c]| ChangedTimeouts {
                before: Timeouts { tcp, tcp_fin, udp },
                given: Timeouts { tcp: a, tcp_fin: b, udp: c },
            });
            let namespace = namespace.as_deref().map(OtherNamespace::of);
            let all = Remembered { namespace, timeouts, services };
            prop_assert_eq!(Remembered::read(&all.write()), all);
        }

        #[test]
        fn any_text_is_a_list(text: String) {
            let _ = Remembered::read(&text);
        }
    }

    #[test]
    fn a_line_cut_off_is_no_other_service() {
        let text = "tcp 192.0.2.1 80\nmark 4 7\ntcp 192.0.2.2 \nudp 192.0.2.3\nmark 5 1\n\
                    timeouts 1 2 3 for 4 5\ntimeouts 1 2 for 3 4 5\ntimeouts 1 2 3 for 4 5 x\n\
                    udp 192.0.2.3 8";
        let all = Remembered::read(text);
        assert_eq!(all.write(), "tcp 192.0.2.1 80\nmark 4 7\n");
    }
    #[test]
    fn where_the_services_are_is_not_guessed() {
        for damaged in ["in", "in ", "in a b"] {
            let all = Remembered::read(&format!("{damaged}\ntcp 192.0.2.1 80\n"));
            assert_eq!(all, Remembered::default(), "{damaged}");
        }
    }
}
