//! What can be told of: an instance or a group, a virtual or a real server, with its
//! scripts.

use std::io;
use std::rc::Rc;

use super::command;
use super::event::{Kind, What};
use super::serial::{Class, Serial};
use crate::model::Command;
use crate::sys::exec::Program;

/// What the configuration says of a subject.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wishes {
    /// The scripts of single events.
    pub scripts: Vec<(What, Command)>,
    /// The script of every state, run after that.
    pub any: Option<Command>,
    /// Whether states are told by mail.
    pub mail: bool,
    /// Whether changes of the priority are written to pipes.
    pub priority_changes: bool,
}

/// A script to be run, with what this event adds to it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) program: Rc<Program>,
    pub(super) arguments: Vec<String>,
    pub(super) cause: Rc<str>,
    pub(super) sequence: u64,
}

/// An instance, a group or a server.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) name: Rc<str>,
    /// What it belongs to: the virtual server of a real one.
    pub(super) of: Option<Rc<str>>,
    pub(super) mail: bool,
    pub(super) priority_changes: bool,
    pub(super) serial: Serial<Run>,
    /// Counts the events told, those whose scripts were skipped included.
    pub(super) sequence: u64,
    /// The state told last by mail.
    pub(super) mailed: Option<What>,
    scripts: Vec<(What, Rc<Program>)>,
    any: Option<Rc<Program>>,
}

impl Subject {
    pub(super) fn new(kind: Kind, name: &str, wishes: &Wishes) -> Self {
        let prepare = |command: &Command| match command::program(command) {
            Ok(program) => Some(Rc::new(program)),
            Err(error) => {
                complain(command, &error);
                None
            }
        };
        let scripts = wishes.scripts.iter();
        Self {
            kind,
            name: name.into(),
            of: None,
            mail: wishes.mail,
            priority_changes: wishes.priority_changes,
            serial: Serial::default(),
            sequence: 0,
            mailed: None,
            scripts: scripts
                .filter_map(|(what, command)| Some((*what, prepare(command)?)))
                .collect(),
            any: wishes.any.as_ref().and_then(prepare),
        }
    }

    /// Another one takes its place. Scripts keep their tickets apart.
    pub(super) fn give_way(&mut self, other: Self) {
        let serial = std::mem::take(&mut self.serial);
        *self = Self { serial, ..other };
    }

    /// What is begun or waits stays as it is.
    pub(super) fn change(&mut self, name: &str, wishes: &Wishes) {
        let new = Self::new(self.kind, name, wishes);
        self.name = new.name;
        self.mail = new.mail;
        self.priority_changes = new.priority_changes;
        self.scripts = new.scripts;
        self.any = new.any;
    }

    /// What waits in which way.
    pub(super) const fn class(what: What) -> Class {
        if what.is_state() {
            Class::State
        } else {
            Class::Sighting
        }
    }

    /// The scripts of an event, in order; the general one gets `arguments`.
    pub(super) fn runs(&self, what: What, arguments: [String; 4], cause: &str) -> Vec<Run> {
        let cause: Rc<str> = cause.into();
        let run = |program: &Rc<Program>, arguments: Vec<String>| Run {
            program: Rc::clone(program),
            arguments,
            cause: Rc::clone(&cause),
            sequence: self.sequence,
        };
        let own = self.scripts.iter().filter(|(on, _)| *on == what);
        let own = own.map(|(_, program)| run(program, Vec::new()));
        let any = self.any.as_ref().filter(|_| what.is_state());
        own.chain(any.map(|program| run(program, arguments.into())))
            .collect()
    }
}

fn complain(command: &Command, error: &io::Error) {
    log::error!("script {} cannot be run: {error}", command.path.display());
}
