//! When a reload is due by the clock on the wall: the first line of
//! `reload_time_file` (`runtime-interfaces.md` section 10).

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A time of the day, and the day if there is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct When {
    /// Days since the epoch.
    day: Option<i64>,
    /// Seconds since midnight.
    second: i64,
    zone: Zone,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Zone {
    Local,
    Utc,
}

impl When {
    /// `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, with `Z` for UTC,
    /// and nothing else.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (text, zone) = match line.strip_suffix('Z') {
            Some(text) => (text, Zone::Utc),
            None => (line, Zone::Local),
        };
        let (day, time) = match text.split_once(' ') {
            Some((date, time)) => (Some(date_of(date)?), time),
            None => (None, text),
        };
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(Self {
            day,
            second: (hour * 60 + minute) * 60 + second,
            zone,
        })
    }

    /// Whether it is for one day only.
    #[must_use]
    pub const fn has_date(&self) -> bool {
        self.day.is_some()
    }

    /// The next such moment after `now`, both in seconds since the epoch. `offset`
    /// knows by how much local time is ahead at a moment.
    #[must_use]
    pub fn next(&self, now: i64, offset: &dyn Fn(i64) -> i64) -> Option<i64> {
        if let Some(day) = self.day {
            return Some(self.on(day, offset)).filter(|at| *at > now);
        }
        let ahead = match self.zone {
            Zone::Local => offset(now),
            Zone::Utc => 0,
        };
        let today = (now + ahead).div_euclid(DAY);
        let mut days = [today, today + 1].into_iter();
        days.find_map(|day| Some(self.on(day, offset)).filter(|at| *at > now))
    }

    fn on(&self, day: i64, offset: &dyn Fn(i64) -> i64) -> i64 {
        let shown = day * DAY + self.second;
        match self.zone {
            Zone::Utc => shown,
            // The offset before, then the one of the moment itself.
            Zone::Local => shown - offset(shown - offset(shown)),
        }
    }
}

/// Days since the epoch.
fn date_of(text: &str) -> Option<i64> {
    let year_digits = text.find('-')?;
    let [year, month, day] = numbers(text, '-', [year_digits, 2, 2])?;
    let year = match year_digits {
        2 => year + 2000,
        4 => year,
        _ => return None,
    };
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    is_date.then(|| days_before(year, month) + day - 1)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// From the epoch to the first day of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let leap_days = past / 4 - past / 100 + past / 400;
    // Of the years before 1970.
    let epoch = 1969 / 4 - 1969 / 100 + 1969 / 400;
    let months = (1..month).map(|month| days_in(year, month));
    (year - 1970) * 365 + leap_days - epoch + months.sum::<i64>()
}

/// Numbers of exactly so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (number, count) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_number = part.len() == count && part.bytes().all(|octet| octet.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    /// 2026-03-28 12:00:00 UTC
    const NOON: i64 = 1_774_699_200;

    fn next(line: &str, offset: &dyn Fn(i64) -> i64) -> Option<i64> {
        When::parse(line).expect(line).next(NOON, offset)
    }

    #[test]
    fn times_with_and_without_date() {
        let utc = |_| 0;
        assert_eq!(next("12:00:01", &utc), Some(NOON + 1));
        assert_eq!(next("12:00:00", &utc), Some(NOON + DAY));
        assert_eq!(next("11:00:00Z", &utc), Some(NOON + DAY - HOUR));
        assert_eq!(next("26-03-28 13:00:00", &utc), Some(NOON + HOUR));
        assert_eq!(next("2026-04-28 12:00:00Z", &utc), Some(NOON + 31 * DAY));
        assert_eq!(
            next("2028-03-01 12:00:00Z", &utc),
            Some(NOON + (365 + 338 + 1) * DAY)
        );
        assert_eq!(next("2026-03-28 11:59:59", &utc), None, "in the past");
        assert!(When::parse("26-03-28 13:00:00").is_some_and(|when| when.has_date()));
    }

    #[test]
    fn local_time_changes_over_night() {
        // Summer time begins at 2026-03-29 01:00 UTC.
        let berlin = |at: i64| {
            if at >= NOON + 13 * HOUR {
                2 * HOUR
            } else {
                HOUR
            }
        };
        assert_eq!(next("13:30:00", &berlin), Some(NOON + HOUR / 2));
        assert_eq!(next("13:00:00", &berlin), Some(NOON + 23 * HOUR));
        assert_eq!(next("13:00:00Z", &berlin), Some(NOON + HOUR));
        assert_eq!(next("00:30:00", &berlin), Some(NOON + 11 * HOUR + HOUR / 2));
    }

    #[test]
    fn nothing_else_is_a_time() {
        let wrong = [
            "",
            "1:00:00",
            "24:00:00",
            "12:60:00",
            "12:00",
            " 12:00:00",
            "12:00:00 ",
            "12:00:00z",
            "126-01-01 12:00:00",
            "26-1-1 12:00:00",
            "26-02-29 12:00:00",
            "26-13-01 12:00:00",
            "26-01-01  12:00:00",
            "26-01-01T12:00:00",
            "+2:00:00",
        ];
        for line in wrong {
            assert_eq!(When::parse(line), None, "{line:?}");
        }
    }
}
