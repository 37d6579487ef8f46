//! The text form: a head for each family, a line for each sample.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use super::super::snapshot::{LatenessStatus, Snapshot};

/// How samples of a family behave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only rises, until the process is started again or its counters are cleared.
    Counter,
    /// Any number.
    Gauge,
    /// Counts up to bounds.
    Histogram,
    /// 1, for the sake of its labels.
    Info,
    /// 1 for the state that holds, 0 for the others.
    StateSet,
    /// Count and sum.
    Summary,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Summary => "summary",
        }
    }
}

/// A family of metrics: one row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, which ends in its unit if it has one.
    pub name: &'static str,
    /// How its samples behave.
    pub kind: Kind,
    /// The unit of its samples; empty for plain numbers.
    pub unit: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Its samples in a snapshot.
    pub read: fn(&Snapshot, &mut Samples<'_>),
}

pub(super) const fn family(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    help: &'static str,
    read: fn(&Snapshot, &mut Samples<'_>),
) -> Family {
    Family {
        name,
        kind,
        unit,
        help,
        read,
    }
}

/// A counter of plain numbers.
pub(super) const fn counted(
    name: &'static str,
    help: &'static str,
    read: fn(&Snapshot, &mut Samples<'_>),
) -> Family {
    family(name, Kind::Counter, "", help, read)
}

/// Labels of a sample: names and values.
pub type Labels<'a> = [(&'a str, &'a str)];

/// Where the samples of a family go.
#[derive(Debug)]
pub struct Samples<'a> {
    family: &'a Family,
    out: &'a mut String,
}

impl Samples<'_> {
    /// The value of a counter, or of a gauge.
    pub fn value(&mut self, labels: &Labels<'_>, value: impl Display) {
        let suffix = match self.family.kind {
            Kind::Counter => "_total",
            Kind::Gauge | Kind::Histogram | Kind::Info | Kind::StateSet | Kind::Summary => "",
        };
        self.line(suffix, labels, value);
    }

    /// The same in seconds.
    pub fn seconds(&mut self, labels: &Labels<'_>, time: Duration) {
        self.value(labels, time.as_secs_f64());
    }

    /// Yes or no.
    pub fn truth(&mut self, labels: &Labels<'_>, is_so: bool) {
        self.value(labels, u8::from(is_so));
    }

    /// Facts that are no numbers.
    pub fn info(&mut self, labels: &Labels<'_>) {
        self.line("_info", labels, 1);
    }

    /// Which of the states holds.
    pub fn state(&mut self, labels: &Labels<'_>, states: &[&str], holds: &str) {
        for state in states {
            let mut labels = labels.to_vec();
            labels.push((self.family.name, state));
            self.line("", &labels, u8::from(*state == holds));
        }
    }

    /// How many there were, and how long they took.
    pub fn summary(&mut self, labels: &Labels<'_>, count: u64, sum: Duration) {
        self.line("_count", labels, count);
        self.line("_sum", labels, sum.as_secs_f64());
    }

    /// How late timers were.
    pub fn histogram(&mut self, labels: &Labels<'_>, lateness: &LatenessStatus) {
        for bucket in &lateness.buckets {
            let mut bound = bucket.bound.as_secs_f64().to_string();
            if !bound.contains('.') {
                // Bounds are written as numbers with a point.
                bound.push_str(".0");
            }
            let mut labels = labels.to_vec();
            labels.push(("le", &bound));
            self.line("_bucket", &labels, bucket.count);
        }
        let mut all = labels.to_vec();
        all.push(("le", "+Inf"));
        self.line("_bucket", &all, lateness.count);
        self.line("_count", labels, lateness.count);
        self.line("_sum", labels, lateness.sum.as_secs_f64());
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, value: impl Display) {
        self.out.push_str(self.family.name);
        self.out.push_str(suffix);
        let mut mark = '{';
        for (name, value) in labels {
            self.out.push(mark);
            self.out.push_str(name);
            self.out.push_str("=\"");
            push_escaped(self.out, value);
            self.out.push('"');
            mark = ',';
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, " {value}");
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

/// A text under construction.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// A family with the samples that `fill` has; nothing if there are none.
    pub fn family(&mut self, family: &Family, fill: impl FnOnce(&mut Samples<'_>)) {
        let before = self.out.len();
        let Family {
            name, kind, unit, ..
        } = family;
        let _ = writeln!(self.out, "# TYPE {name} {}", kind.word());
        if !unit.is_empty() {
            let _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
        let _ = write!(self.out, "# HELP {name} ");
        push_escaped(&mut self.out, family.help);
        self.out.push('\n');
        let head = self.out.len();
        fill(&mut Samples {
            family,
            out: &mut self.out,
        });
        if self.out.len() == head {
            self.out.truncate(before);
        }
    }

    /// The text with the mark of its end.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push_str("# EOF\n");
        self.out
    }
}
