//! What is announced about virtual addresses, by gratuitous ARP and unsolicited
//! neighbour adverts, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is announced about the virtual addresses, and how often.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GarpSettings {
    /// `garp_master_delay`: from becoming master to the second burst; zero: none.
    pub delay: Duration,
    /// `garp_master_repeat`: messages per address and burst, at least 1.
    pub repeat: u32,
    /// `garp_master_refresh`: period of the refresh while master; zero: none.
    pub refresh: Duration,
    /// `garp_master_refresh_repeat`: messages per refresh, at least 1.
    pub refresh_repeat: u32,
    /// `garp_lower_prio_delay`: from a lower-priority advert to the second burst.
    pub lower_prio_delay: Duration,
    /// `garp_lower_prio_repeat`: messages per burst then; 0: none.
    pub lower_prio_repeat: u32,
    /// `garp_extra_if`: period of those on interfaces without adverts; zero: none.
    pub extra: ExtraAnnouncements,
}

impl Default for GarpSettings {
    fn default() -> Self {
        let delay = Duration::from_secs(5);
        Self {
            delay,
            repeat: 5,
            refresh: Duration::ZERO,
            refresh_repeat: 1,
            lower_prio_delay: delay,
            lower_prio_repeat: 5,
            extra: ExtraAnnouncements::default(),
        }
    }
}

/// `[all] SECONDS`: announcements on interfaces that carry no adverts, so that
/// switches do not forget where the virtual router is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ExtraAnnouncements {
    /// How often; zero: never.
    pub every: Duration,
    /// Also on interfaces without a virtual MAC address.
    pub everywhere: bool,
}

/// The same as the text gives it, of an instance or of all.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct GarpGiven {
    /// `garp_master_delay`.
    pub delay: Option<Duration>,
    /// `garp_master_repeat`.
    pub repeat: Option<u32>,
    /// `garp_master_refresh`.
    pub refresh: Option<Duration>,
    /// `garp_master_refresh_repeat`.
    pub refresh_repeat: Option<u32>,
    /// `garp_lower_prio_delay`.
    pub lower_prio_delay: Option<Duration>,
    /// `garp_lower_prio_repeat`.
    pub lower_prio_repeat: Option<u32>,
    /// `garp_extra_if`.
    pub extra: Option<ExtraAnnouncements>,
}

impl GarpGiven {
    /// Which of the keywords of `repeat` and `refresh_repeat` say zero: there is no burst
    /// without messages.
    pub(crate) fn zero_repeats<'k>(&self, keywords: [&'k str; 2]) -> impl Iterator<Item = &'k str> {
        let zero = [self.repeat, self.refresh_repeat].map(|given| given == Some(0));
        let all = keywords.into_iter().zip(zero);
        all.filter_map(|(keyword, is_zero)| is_zero.then_some(keyword))
    }
}
