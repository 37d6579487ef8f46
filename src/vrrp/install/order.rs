//! One item to add or delete, and how the items of an owner are counted.

use crate::vrrp::fsm::InstanceId;

/// Whether an item shall be there or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Add it, or leave it if it is there.
    Present,
    /// Delete it, or do nothing if it is gone.
    Absent,
}

/// One item to add or delete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// Whose item.
    pub instance: InstanceId,
    /// Its position: virtual addresses first, excluded ones after them, then
    /// routes, then rules.
    pub index: u32,
    /// What to do with it.
    pub wanted: Wanted,
}

impl Order {
    /// The order as the ticket of a kernel request.
    #[must_use]
    pub fn ticket(self) -> u64 {
        let present = u64::from(self.wanted == Wanted::Present);
        (u64::from(self.instance.0) << 33) | (u64::from(self.index) << 1) | present
    }

    /// The order that [`Order::ticket`] made this ticket of.
    #[must_use]
    pub fn from_ticket(ticket: u64) -> Self {
        let wanted = if ticket & 1 == 1 {
            Wanted::Present
        } else {
            Wanted::Absent
        };
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
        Self {
            instance: InstanceId(low(ticket >> 33)),
            index: low(ticket >> 1),
            wanted,
        }
    }
}

/// How many items of each kind an owner has, in the order of their positions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Layout {
    /// Addresses.
    pub addresses: u32,
    /// Routes.
    pub routes: u32,
    /// Rules.
    pub rules: u32,
}

impl Layout {
    /// All items.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.rules_from().saturating_add(self.rules)
    }

    /// Position of the first rule.
    #[must_use]
    pub const fn rules_from(&self) -> u32 {
        self.addresses.saturating_add(self.routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_survive_the_way_to_the_kernel() {
        for (instance, index) in [(0, 0), (7, 9_999), (999_999, u32::MAX)] {
            for wanted in [Wanted::Present, Wanted::Absent] {
                let order = Order {
                    instance: InstanceId(instance),
                    index,
                    wanted,
                };
                assert_eq!(Order::from_ticket(order.ticket()), order);
            }
        }
    }
}
