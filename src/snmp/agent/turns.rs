//! Requests are worked off in turns, so that a long walk holds nothing else up.

use scheduler::{Key, Scheduler};

use super::{Agent, Host};
use crate::snmp::object::Steps;
use crate::snmp::serve::Work;

/// How many rows are looked at before others have their turn.
pub const STEPS_PER_ROUND: u32 = 64;

/// Work off what was asked, for the steps of one round.
pub(super) fn work<P: Host>(program: &mut P, s: &mut Scheduler<P>) {
    let mut steps = Steps::new(STEPS_PER_ROUND);
    program.refresh();
    while !steps.is_exhausted() {
        let agent = program.agent();
        if agent.work.is_none() {
            let request = agent.session.next_request(s.now(), &mut agent.actions);
            agent.work = request.and_then(Work::new);
        }
        let Some(mut work) = agent.work.take() else {
            break;
        };
        // Beside the program while that is read.
        let tree = std::mem::take(&mut agent.tree);
        let mut set = std::mem::take(&mut agent.set);
        let has_set = work.is_set();
        steps.take();
        let answer = work.proceed(&tree, &mut set, program, s.now(), &mut steps);
        let agent = program.agent();
        agent.tree = tree;
        agent.set = set;
        match answer {
            None => agent.work = Some(work),
            Some((header, Some(body))) => agent.session.answer(header, body),
            Some((_, None)) => {}
        }
        if has_set {
            program.was_set(s);
        }
    }
    let agent = program.agent();
    agent.follow(s);
    agent.ask_for_turn(s, steps);
}

impl<P: Host> Agent<P> {
    /// Another turn in the next round, if there is something left to do.
    fn ask_for_turn(&mut self, s: &mut Scheduler<P>, steps: Steps) {
        let goes_on = self.work.is_some() || steps.is_exhausted();
        if goes_on && !self.is_working {
            self.is_working = true;
            s.soon("SNMP", 0, on_turn::<P>);
        }
    }
}

fn on_turn<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: Key) {
    program.agent().is_working = false;
    work(program, s);
    // What was left unread while the request was worked on.
    let agent = program.agent();
    if let Some(connection) = &agent.connection
        && !agent.is_working
    {
        s.requeue(connection.io);
    }
}
