//! The interfaces that an instance or a sync group tracks.

use super::text::Text;
use crate::vrrp::config::TrackedInterface;

/// `   Tracked interfaces :` and a line for each, if there are any.
pub fn list(tracked: &[TrackedInterface], out: &mut Text) {
    if tracked.is_empty() {
        return;
    }
    out.line("Tracked interfaces :");
    for TrackedInterface {
        name,
        weight,
        reverse,
    } in tracked
    {
        let reverse = if *reverse { " reverse" } else { "" };
        out.item(|out| out.show(format_args!("{} weight {weight}{reverse}", name.value)));
    }
}
