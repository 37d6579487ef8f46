//! `------< Scheduler >------`: how late the loop of a process was, and who took
//! how long.

use scheduler::Scheduler;

use super::fact::Value;
use super::text::Text;

/// The rounds, the worst lateness of a timer, and every handler by name.
pub fn accounts<P>(scheduler: &Scheduler<P>, out: &mut Text) {
    out.title("Scheduler");
    out.setting("Rounds", Value::Number(scheduler.rounds()));
    let lateness = scheduler.worst_lateness();
    out.setting("Worst lateness", Value::Micros(lateness));
    for account in scheduler.accounts() {
        out.object("Handler", account.name);
        out.property("Calls", Value::Number(account.calls));
        out.property("Total time", Value::Micros(account.total));
        out.property("Worst time", Value::Micros(account.worst));
    }
}
