//! Counters of one instance, as statistics file, JSON and SNMP show them.

use super::{Accepted, Rejection, RejectionKind, Statistic};
use crate::model::Priority;

/// What happened to one instance since its start or since the counters were
/// cleared.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReceiveStats {
    /// Adverts received that passed the checks up to those of unicast peers.
    pub advert_rcvd: u64,
    /// Adverts sent, one for all unicast peers together.
    pub advert_sent: u64,
    /// Times the instance became master.
    pub become_master: u64,
    /// Times it gave mastership up.
    pub release_master: u64,
    /// Accepted adverts with priority 0.
    pub pri_zero_rcvd: u64,
    /// Adverts sent with priority 0.
    pub pri_zero_sent: u64,
    /// Adverts whose address list is not the own one.
    pub address_list_differs: u64,
    /// The last of [`Statistic::OF_PROTOCOL`] that was counted.
    pub last_protocol_error: Option<Statistic>,
    /// The last advert sent has given up.
    has_given_up: bool,
    rejected: [u64; RejectionKind::COUNT],
}

impl ReceiveStats {
    /// Counts a packet by the answer of [`super::accept`].
    pub fn record(&mut self, answer: &Result<Accepted, Rejection>) {
        match answer {
            Ok(accepted) => {
                self.advert_rcvd += 1;
                self.address_list_differs += u64::from(accepted.address_list_differs);
                self.pri_zero_rcvd += u64::from(accepted.priority == Priority::GIVE_UP);
            }
            Err(rejection) => {
                let kind = rejection.kind();
                self.advert_rcvd += u64::from(kind.counts_as_received());
                let statistic = kind.statistic();
                if Statistic::OF_PROTOCOL.contains(&statistic) {
                    self.last_protocol_error = Some(statistic);
                }
                if let Some(counter) = self.rejected.get_mut(kind.index()) {
                    *counter += 1;
                }
            }
        }
    }

    /// Counts an advert that was sent. Who gives up says so twice, in case one is lost:
    /// that counts once.
    pub fn record_sent(&mut self, priority: Priority) {
        let gives_up = priority == Priority::GIVE_UP;
        let has_given_up = std::mem::replace(&mut self.has_given_up, gives_up);
        if !(gives_up && has_given_up) {
            self.advert_sent += 1;
            self.pri_zero_sent += u64::from(gives_up);
        }
    }

    /// Packets rejected for one reason.
    #[must_use]
    pub fn rejected(&self, kind: RejectionKind) -> u64 {
        self.rejected.get(kind.index()).copied().unwrap_or(0)
    }

    /// A counter of the original: the sum of the reasons that belong to it. The
    /// address list counts accepted adverts with a different list, too.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> u64 {
        let kinds = RejectionKind::ALL
            .iter()
            .filter(|kind| kind.statistic() == statistic);
        let rejected: u64 = kinds.map(|&kind| self.rejected(kind)).sum();
        if statistic == Statistic::AddressList {
            rejected + self.address_list_differs
        } else {
            rejected
        }
    }

    /// All counters to zero.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
