//! The services of this daemon, for the next life of its process.
//!
//! The kernel does not say who made a service. After a crash, or a stop that
//! kept the table (`--dont-release-ipvs`), a service that is no longer configured
//! would stay for good, unless its key was written down: one line each, `tcp
//! 192.0.2.1 80` or `mark 4 7`. Lines that are not understood or not complete
//! are left out, so that a damaged list deletes nothing of others.

use std::collections::BTreeSet;

use super::service::{Protocol, ServiceKey};
use crate::model::Family;

/// The list as text.
#[must_use]
pub fn write<'a>(keys: impl IntoIterator<Item = &'a ServiceKey>) -> String {
    keys.into_iter().map(line).collect()
}

/// The services of a list.
#[must_use]
pub fn read(text: &str) -> BTreeSet<ServiceKey> {
    let lines = text.split_inclusive('\n');
    let whole = lines.filter_map(|line| line.strip_suffix('\n'));
    whole.filter_map(key).collect()
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
            keys in prop::collection::btree_set(testing::service_key(), 0..9),
        ) {
            prop_assert_eq!(read(&write(&keys)), keys);
        }

        #[test]
        fn any_text_is_a_list(text: String) {
            let _ = read(&text);
        }
    }

    #[test]
    fn a_line_cut_off_is_no_other_service() {
        let text =
            "tcp 192.0.2.1 80\nmark 4 7\ntcp 192.0.2.2 \nudp 192.0.2.3\nmark 5 1\nudp 192.0.2.3 8";
        let keys = read(text);
        assert_eq!(write(&keys), "tcp 192.0.2.1 80\nmark 4 7\n");
    }
}
