//! Messages between the processes: of children to the parent and back, of the BFD
//! process to those that track sessions, of VRRP to D-Bus, and what the D-Bus process
//! makes of method calls.
#![no_main]

use std::cell::RefCell;
use std::os::fd::AsFd;

use keepalived::bfd::feed;
use keepalived::bfd::notes::{LEN, Note};
use keepalived::dbus::calls::{self, Call};
use keepalived::dbus::line::{self, News};
use keepalived::dbus::objects::Objects;
use keepalived::dbus::path::Paths;
use keepalived::sys::pass;
use keepalived::watchdog::ipc::{self, ChildEnd, ParentEnd};
use keepalived_fuzz::Choices;
use libfuzzer_sys::fuzz_target;

struct Lines {
    parent: ParentEnd,
    child: ChildEnd,
    teller: feed::Teller,
    feed: feed::Feed,
    vrrp: line::Teller,
    dbus: line::Hearer,
}

thread_local! {
    static LINES: RefCell<Option<Lines>> = const { RefCell::new(None) };
}

fn open() -> Lines {
    let (parent, child) = ipc::channel().expect("a channel");
    let feeding = feed::Line::open().expect("a line");
    let line = line::Line::open().expect("a line");
    Lines {
        parent,
        child,
        teller: feeding.teller().expect("an end"),
        feed: feeding.feed().expect("an end"),
        vrrp: line.teller().expect("an end"),
        dbus: line.hearer().expect("an end"),
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut choices = Choices::new(octets);
    LINES.with_borrow_mut(|lines| {
        let lines = lines.get_or_insert_with(open);
        let mut objects = Objects::new(Paths::new(None, Some("main"), "none"));
        while !choices.is_over() {
            step(&mut choices, lines, &mut objects);
        }
    });
});

/// A message that says nothing would be the end of the line.
fn send(to: impl AsFd, choices: &mut Choices<'_>) {
    let message = choices.octets();
    if !message.is_empty() {
        pass::send(to.as_fd(), message, None).expect("room");
    }
}

fn step(choices: &mut Choices<'_>, lines: &Lines, objects: &mut Objects) {
    match choices.below(8) {
        0 => {
            send(&lines.child, choices);
            while let Ok(Some(_)) = lines.parent.next() {}
        }
        1 => {
            send(&lines.parent, choices);
            let _ = lines.child.next_order();
        }
        2 => {
            send(&lines.teller, choices);
            while lines.feed.next().is_some() {}
        }
        3 => {
            send(&lines.feed, choices);
            while lines.teller.next().is_some() {}
        }
        4 => {
            send(&lines.dbus, choices);
            while let Some(request) = lines.vrrp.next() {
                lines.dbus.ask(&request).expect("room");
                // A name that is too long is cut.
                assert!(lines.vrrp.next().is_some());
            }
        }
        5 => {
            send(&lines.vrrp, choices);
            while let Some(news) = lines.dbus.next() {
                objects.on(news);
                objects.connected();
            }
        }
        6 => tell(choices, lines, objects),
        _ => {
            if let Some(note) = Note::decode(&choices.array::<LEN>()) {
                assert_eq!(Note::decode(&note.encode()), Some(note));
            }
        }
    }
    while objects.take().is_some() {}
}

/// What is told comes to the other end, and calls are answered.
fn tell(choices: &mut Choices<'_>, lines: &Lines, objects: &mut Objects) {
    let verdict = (choices.text(), choices.truth());
    let told = lines
        .teller
        .tell(keepalived_fuzz::now(), &verdict.0, verdict.1);
    told.expect("room");
    assert_eq!(lines.feed.next().map(|verdict| verdict.up), Some(verdict.1));
    for news in [News::Ends, News::Stopped] {
        lines.vrrp.tell(&news).expect("room");
        assert_eq!(lines.dbus.next(), Some(news));
    }
    let texts: [String; 4] = std::array::from_fn(|_| choices.text());
    let paths: Vec<String> = objects
        .instances()
        .map(|(path, _)| path.to_owned())
        .collect();
    let [path, interface, member, argument] = &texts;
    let interfaces = [
        calls::MANAGER,
        calls::PROPERTIES,
        keepalived::dbus::VRRP_INTERFACE,
        keepalived::dbus::INSTANCE_INTERFACE,
        interface,
    ];
    let members = [
        "Get",
        "GetAll",
        "Introspect",
        "SendGarp",
        "PrintData",
        member,
    ];
    let call = Call {
        path: paths.first().filter(|_| choices.truth()).unwrap_or(path),
        interface: choices.truth().then(|| choices.pick(&interfaces)),
        member: choices.pick(&members),
        arguments: &[
            Some(choices.pick(&interfaces).to_owned()),
            Some(argument.clone()),
            None,
        ],
    };
    let _ = calls::answer(objects, &call);
}
