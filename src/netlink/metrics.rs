//! Path metrics of a route: the attributes within `RTA_METRICS`.

use serde::{Deserialize, Serialize};

use super::attr::{Attributes, Writer};

const RTAX_LOCK: u16 = 1;
const RTAX_CONGESTION: u16 = 16;
/// One more than the greatest `RTAX_*` of a number.
const KINDS: usize = 18;

/// A metric that is a number (`RTAX_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are the kernel's")]
#[repr(u8)]
pub enum Metric {
    Mtu = 2,
    Window = 3,
    /// In eighths of a millisecond.
    Rtt = 4,
    /// In quarters of a millisecond.
    RttVariance = 5,
    SlowStartThreshold = 6,
    CongestionWindow = 7,
    AdvertisedSegment = 8,
    Reordering = 9,
    HopLimit = 10,
    InitialCongestionWindow = 11,
    /// 1: explicit congestion notification.
    Features = 12,
    /// In milliseconds.
    LeastRetransmission = 13,
    InitialReceiveWindow = 14,
    QuickAcknowledge = 15,
    FastOpenWithoutCookie = 17,
}

impl Metric {
    const fn place(self) -> usize {
        self as usize
    }
}

/// All path metrics of a route.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RouteMetrics {
    values: [Option<u32>; KINDS],
    /// Metrics that the kernel must not change, by bit.
    locked: u32,
    /// Congestion control algorithm, at most 15 octets.
    congestion: Option<String>,
}

impl RouteMetrics {
    /// The metrics in the value of the attribute; unknown ones are left out.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Self {
        let mut metrics = Self::default();
        for attribute in Attributes::new(octets) {
            match attribute.kind {
                RTAX_LOCK => metrics.locked = attribute.as_u32().unwrap_or_default(),
                RTAX_CONGESTION => metrics.congestion = attribute.as_text().map(str::to_owned),
                kind => {
                    let place = metrics.values.get_mut(usize::from(kind));
                    if let (Some(place), true) = (place, kind != 0) {
                        *place = attribute.as_u32();
                    }
                }
            }
        }
        metrics
    }

    /// Set a metric.
    pub fn set(&mut self, metric: Metric, value: u32) {
        if let Some(place) = self.values.get_mut(metric.place()) {
            *place = Some(value);
        }
    }

    /// Keep the kernel from changing a metric.
    pub const fn lock(&mut self, metric: Metric) {
        self.locked |= 1 << metric.place();
    }

    /// Set the congestion control algorithm.
    pub fn set_congestion(&mut self, name: String, locked: bool) {
        self.congestion = Some(name);
        if locked {
            self.locked |= 1 << RTAX_CONGESTION;
        }
    }

    /// The value of a metric.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<u32> {
        self.values.get(metric.place()).copied().flatten()
    }

    /// Whether the kernel may not change it.
    #[must_use]
    pub const fn is_locked(&self, metric: Metric) -> bool {
        self.locked & (1 << metric.place()) != 0
    }

    /// The congestion control algorithm, and whether it is locked.
    #[must_use]
    pub fn congestion(&self) -> Option<(&str, bool)> {
        let locked = self.locked & (1 << RTAX_CONGESTION) != 0;
        self.congestion.as_deref().map(|name| (name, locked))
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Append the value of the attribute.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        let mut w = Writer::new(buffer);
        if self.locked != 0 {
            w.u32(RTAX_LOCK, self.locked);
        }
        for (kind, value) in (0..).zip(&self.values) {
            if let Some(value) = value {
                w.u32(kind, *value);
            }
        }
        if let Some(name) = &self.congestion {
            w.text(RTAX_CONGESTION, name);
        }
    }
}
