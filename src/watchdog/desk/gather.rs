//! The children asked for their state, and a snapshot made of what they tell.

use std::collections::BTreeMap;
use std::fs::File;
use std::process;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Id, Instant, Key, Scheduler};

use super::client::{Client, Next, Purpose};
use super::usage;
use crate::dump::json::Json;
use crate::model::{UnixTime, version};
use crate::status::metrics;
use crate::status::node::Node;
use crate::status::record::Field as _;
use crate::status::snapshot::{DaemonStatus, FORM, ProcessStatus, Snapshot, TimingStatus};
use crate::sys::calendar::wall_time;
use crate::watchdog::ipc::{Order, read_whole};
use crate::watchdog::launch::role::Role;
use crate::watchdog::parent::WatchDog;

/// A snapshot serves all who ask within this time, so that the children are troubled
/// twice a second at most.
const FRESH: Duration = Duration::from_millis(500);
/// How long children have for an answer.
const ANSWER: Duration = Duration::from_secs(1);

/// The children under way.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    is_under_way: bool,
    /// Counts, so that the time limit of one ends no later one.
    number: Key,
    /// Those that the next snapshot waits for.
    awaited: Vec<Role>,
    /// Those that were asked and have not answered, perhaps for long.
    owing: Vec<Role>,
    sections: BTreeMap<Role, String>,
}

/// A snapshot that is kept for a while.
#[derive(Debug)]
pub(super) struct Kept {
    at: Instant,
    /// As JSON.
    text: Rc<[u8]>,
    /// As metrics, once they were asked for.
    metrics: Option<Rc<[u8]>>,
}

impl Kept {
    fn of(&mut self, purpose: Purpose) -> Rc<[u8]> {
        match purpose {
            Purpose::Status => Rc::clone(&self.text),
            Purpose::Metrics => {
                let text = &self.text;
                let metrics = self.metrics.get_or_insert_with(|| as_metrics(text));
                Rc::clone(metrics)
            }
        }
    }
}

fn as_metrics(text: &[u8]) -> Rc<[u8]> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let node = Node::parse(text).unwrap_or(Node::Null);
    let text = metrics::text(&Snapshot::take(&node));
    text.into_bytes().into()
}

impl WatchDog {
    /// A client wants a snapshot: the one that is kept, or the next.
    pub(super) fn want_snapshot(&mut self, s: &mut Scheduler<Self>, id: Id<Client>) {
        let kept = self.desk.kept.as_ref();
        if kept.is_some_and(|kept| s.now().since(kept.at) < FRESH) {
            self.serve(s, id);
        } else if !self.desk.gathering.is_under_way {
            self.gather(s);
        }
    }

    /// Ask the children.
    fn gather(&mut self, s: &mut Scheduler<Self>) {
        let running = self.needed().filter(|(_, running)| running.is_some());
        let running: Vec<Role> = running.map(|(role, _)| role).collect();
        // One that owes an answer is not waited for again.
        let asked: Vec<Role> = running
            .into_iter()
            .filter(|role| !self.desk.gathering.owing.contains(role))
            .filter(|role| self.send_order(*role, &Order::Observe).is_ok())
            .collect();
        let gathering = &mut self.desk.gathering;
        gathering.is_under_way = true;
        gathering.number += 1;
        gathering.sections.clear();
        gathering.owing.extend(&asked);
        gathering.awaited = asked;
        s.at(
            "status",
            s.now() + ANSWER,
            gathering.number,
            Self::on_answer_limit,
        );
        self.finish_if_complete(s);
    }

    /// A child has told its state.
    pub(in crate::watchdog) fn observed(
        &mut self,
        s: &mut Scheduler<Self>,
        role: Role,
        state: File,
    ) {
        let awaited = self.desk.gathering.awaited.contains(&role);
        let text = read_whole(state).ok();
        let text = text.and_then(|octets| String::from_utf8(octets).ok());
        if let Some(text) = text.filter(|_| awaited) {
            self.desk.gathering.sections.insert(role, text);
        }
        self.no_state_of(s, role);
    }

    /// No state is to be expected of a child any more, since it is told, or since the
    /// child has ended.
    pub(in crate::watchdog) fn no_state_of(&mut self, s: &mut Scheduler<Self>, role: Role) {
        let gathering = &mut self.desk.gathering;
        gathering.owing.retain(|owing| *owing != role);
        gathering.awaited.retain(|awaited| *awaited != role);
        self.finish_if_complete(s);
    }

    fn on_answer_limit(&mut self, s: &mut Scheduler<Self>, number: Key) {
        let gathering = &mut self.desk.gathering;
        if gathering.number == number && gathering.is_under_way {
            gathering.awaited.clear();
            self.finish_if_complete(s);
        }
    }

    fn finish_if_complete(&mut self, s: &mut Scheduler<Self>) {
        let gathering = &mut self.desk.gathering;
        if !gathering.is_under_way || !gathering.awaited.is_empty() {
            return;
        }
        gathering.is_under_way = false;
        let text = self.compose(s);
        self.desk.gathering.sections.clear();
        self.desk.kept = Some(Kept {
            at: s.now(),
            text: text.into_bytes().into(),
            metrics: None,
        });
        let clients = self.desk.clients.iter();
        let waiting = clients.filter(|(_, client)| client.is_waiting());
        let waiting: Vec<Id<Client>> = waiting.map(|(id, _)| id).collect();
        for id in waiting {
            self.serve(s, id);
        }
    }

    /// Answer with what is kept.
    fn serve(&mut self, s: &mut Scheduler<Self>, id: Id<Client>) {
        let (Some(kept), Some(client)) = (&mut self.desk.kept, self.desk.clients.get_mut(id))
        else {
            return;
        };
        let body = kept.of(client.purpose);
        self.desk.octets = self.desk.octets.saturating_add(body.len());
        client.answer(&body);
        if client.go_on() == Next::Over {
            self.dismiss(s, id);
        }
    }

    /// The snapshot, in the form of [`Snapshot`]. The sections of the children are JSON
    /// already.
    fn compose(&self, s: &Scheduler<Self>) -> String {
        let sections = &self.desk.gathering.sections;
        let length: usize = sections.values().map(String::len).sum();
        let mut out = Json::with_capacity(length + 4096);
        out.object(|out| {
            out.key("form");
            FORM.put(out);
            out.key("taken");
            UnixTime(wall_time()).put(out);
            out.key("daemon");
            self.daemon_status(s).put(out);
            out.key("processes");
            self.process_statuses().put(out);
            for (key, role) in SECTIONS {
                out.key(key);
                match sections.get(&role) {
                    Some(section) => out.raw(section),
                    None => out.null(),
                }
            }
        });
        out.finish()
    }

    fn daemon_status(&self, s: &Scheduler<Self>) -> DaemonStatus {
        let ground = self.ground();
        DaemonStatus {
            version: version::line(),
            pid: process::id().into(),
            started: UnixTime(self.desk.started),
            configuration: ground.settings.config_file.display().to_string(),
            namespace: ground.names.namespace.clone(),
            instance: ground.names.instance.clone(),
            reloads: self.reload.count,
            reloads_refused: self.reload.refused,
            reloaded: self.reload.last.map(UnixTime),
            refusal: self.reload.refusal.clone(),
            timing: TimingStatus::of(s),
            usage: usage::of(process::id().into()),
        }
    }

    fn process_statuses(&self) -> Vec<ProcessStatus> {
        let sections = &self.desk.gathering.sections;
        let status = |(role, running): (Role, Option<(scheduler::Pid, Duration)>)| {
            let state = match running {
                None => "restarting",
                Some(_) if sections.contains_key(&role) => "running",
                Some(_) => "silent",
            };
            let pid = running.map(|(pid, _)| i64::from(pid.as_raw()));
            ProcessStatus {
                role: key(role).to_owned(),
                state: state.to_owned(),
                pid: pid.and_then(|pid| u64::try_from(pid).ok()),
                started: running.map(|(_, started)| UnixTime(started)),
                restarts: self.desk.restarts.get(&role).copied().unwrap_or_default(),
                usage: pid.map(usage::of).unwrap_or_default(),
            }
        };
        self.needed().map(status).collect()
    }
}

/// The sections of a snapshot, and whose they are.
const SECTIONS: [(&str, Role); 3] = [
    ("vrrp", Role::Vrrp),
    ("check", Role::Check),
    ("bfd", Role::Bfd),
];

fn key(role: Role) -> &'static str {
    let found = SECTIONS.iter().find(|(_, of)| *of == role);
    found.map_or("?", |(key, _)| key)
}
