//! Which other routers an instance has heard, for those who look: the last few, for the
//! number of addresses that somebody may send from has no end.

use std::net::IpAddr;

use scheduler::Instant;

use super::accept::RejectionKind;
use crate::model::Priority;

/// So many are kept.
pub const KEPT: usize = 8;

/// A router that was heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Speaker {
    /// Where its adverts come from.
    pub address: IpAddr,
    /// When it was heard last.
    pub at: Instant,
    /// The priority of its last advert that was taken.
    pub priority: Option<Priority>,
    /// How many were taken.
    pub adverts: u64,
    /// Why the last one was refused, if it was.
    pub refused: Option<RejectionKind>,
}

/// The last [`KEPT`] of them. Memory is taken as they come.
#[derive(Clone, Debug, Default)]
pub struct Speakers {
    list: Vec<Speaker>,
}

impl Speakers {
    /// An advert was heard, and taken with its priority, or refused.
    pub fn heard(
        &mut self,
        now: Instant,
        address: IpAddr,
        advert: Result<Priority, RejectionKind>,
    ) {
        let known = self.list.iter_mut().find(|known| known.address == address);
        let speaker = match known {
            Some(known) => known,
            None => match self.admit(now, address) {
                Some(new) => new,
                None => return,
            },
        };
        speaker.at = now;
        match advert {
            Ok(priority) => {
                speaker.priority = Some(priority);
                speaker.adverts += 1;
                speaker.refused = None;
            }
            Err(why) => speaker.refused = Some(why),
        }
    }

    /// Those that were heard, as they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Speaker> {
        self.list.iter()
    }

    /// Room for another one. If there is none, one gives way: of those that were never
    /// understood first, the one that is silent for longest.
    fn admit(&mut self, now: Instant, address: IpAddr) -> Option<&mut Speaker> {
        if self.list.len() >= KEPT {
            let all = self.list.iter().enumerate();
            let least = all.min_by_key(|(_, known)| (known.adverts > 0, known.at));
            let (place, _) = least?;
            self.list.remove(place);
        }
        self.list.push(Speaker {
            address,
            at: now,
            priority: None,
            adverts: 0,
            refused: None,
        });
        self.list.last_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_of_strangers_displaces_nobody_who_is_understood() {
        let mut speakers = Speakers::default();
        let at = |n: u32| Instant::ZERO + Duration::from_millis(n.into());
        let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        speakers.heard(at(0), peer, Ok(Priority(100)));
        for n in 1..1000 {
            let stranger = IpAddr::V4(Ipv4Addr::from(n));
            speakers.heard(at(n), stranger, Err(RejectionKind::Checksum));
        }
        assert_eq!(speakers.iter().len(), KEPT);
        let first = speakers.iter().next().expect("the peer");
        assert_eq!((first.address, first.priority), (peer, Some(Priority(100))));
        speakers.heard(at(1001), peer, Err(RejectionKind::Interval));
        let first = speakers.iter().next().expect("the peer");
        assert_eq!(first.refused, Some(RejectionKind::Interval));
        assert_eq!((first.adverts, first.at), (1, at(1001)));
    }
}
