//! `FILE_CHECK`: the number in a tracked file.
//!
//! There is nothing to be attempted: the verdict is there as soon as the number is,
//! and changes with it (`protocols.md` section 21).

use crate::check::checker::FileSettings;
use crate::check::probe::{Outcome, Weight};

/// At or below this the server is down.
const FAULT: i64 = i32::MIN as i64;
/// The most that is added.
const MOST: i64 = i32::MAX as i64;

/// What a number in the file comes to. Value times weight is added to the weight of
/// the server; `reverse` turns the sign. With weight 0 a number other than 0 is a
/// failure, with `reverse` 0 is.
#[must_use]
pub fn verdict(settings: &FileSettings, value: i32) -> Outcome {
    if settings.weight == 0 {
        return if (value != 0) == settings.reverse {
            Outcome::Passed(Some(Weight::Add(0)))
        } else {
            Outcome::Failed(format!("the value is {value}").into())
        };
    }
    let product = i64::from(value).saturating_mul(settings.weight);
    let signed = if settings.reverse {
        product.saturating_neg()
    } else {
        product
    };
    if signed <= FAULT {
        return Outcome::Failed(format!("the weight would be changed by {signed}").into());
    }
    Outcome::Passed(Some(Weight::Add(signed.min(MOST))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(weight: i64, reverse: bool, value: i32) -> Option<i64> {
        let settings = FileSettings {
            file: 0,
            name: "f".into(),
            weight,
            reverse,
        };
        match verdict(&settings, value) {
            Outcome::Passed(Some(Weight::Add(weight))) => Some(weight),
            Outcome::Failed(_) => None,
            other @ (Outcome::Passed(_) | Outcome::Proceed { .. }) => panic!("{other:?}"),
        }
    }

    #[test]
    fn value_times_weight_is_added() {
        assert_eq!(judge(2, false, 3), Some(6));
        assert_eq!(judge(2, false, -4), Some(-8));
        assert_eq!(judge(2, true, 3), Some(-6));
        assert_eq!(judge(1, false, i32::MAX), Some(i64::from(i32::MAX)));
        assert_eq!(judge(3, false, i32::MAX), Some(i64::from(i32::MAX)));
    }

    #[test]
    fn far_below_zero_is_a_failure() {
        assert_eq!(judge(1, false, i32::MIN), None);
        assert_eq!(judge(1, false, i32::MIN + 1), Some(-2_147_483_647));
        assert_eq!(judge(2, true, i32::MAX), None);
        assert_eq!(judge(i64::MAX, false, i32::MIN), None);
    }

    #[test]
    fn without_weight_it_is_up_or_down() {
        assert_eq!(judge(0, false, 0), Some(0));
        assert_eq!(judge(0, false, -1), None);
        assert_eq!(judge(0, true, 0), None);
        assert_eq!(judge(0, true, 7), Some(0));
    }
}
