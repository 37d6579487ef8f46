//! Replies of mail servers, to SMTP_CHECK and to the courier of alerts, and letters with
//! any text in them: every conversation ends, in bounded memory, and no text becomes a
//! command or a field of the header.
#![no_main]

use std::rc::Rc;

use keepalived::check::checker::SmtpSettings;
use keepalived::check::kinds::smtp::Smtp;
use keepalived::check::probe::{Event, Output, Probe};
use keepalived::notify::courier::{Action, Courier, Route};
use keepalived::notify::letter::{Letter, Mailbox};
use keepalived::wire::smtp::Replies;
use keepalived_fuzz::{Choices, PIECES, endpoint, now};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let said: Vec<_> = PIECES.iter().map(|size| replies(octets, *size)).collect();
    assert!(said.iter().all(|replies| *replies == said[0]));
    check(octets);
    deliver(&mut Choices::new(octets));
});

fn replies(octets: &[u8], size: usize) -> Vec<(u16, String)> {
    let mut replies = Replies::default();
    let mut found = Vec::new();
    for octet in octets.chunks(size).flatten() {
        match replies.push(*octet) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                let told = reply.told();
                assert!(!told.chars().any(char::is_control));
                found.push((reply.code, told));
            }
            Err(why) => {
                found.push((1000, why.words().into()));
                break;
            }
        }
    }
    found
}

fn check(octets: &[u8]) {
    for size in PIECES {
        let mut probe = Smtp::new(SmtpSettings {
            endpoint: endpoint(),
            helo: "probe.example".into(),
        });
        probe.begin(now(), 0);
        let mut sent = 0;
        let mut over = false;
        for piece in octets.chunks(size) {
            let mut out = Output::default();
            over = probe.on(now(), Event::Received(piece), &mut out).is_some();
            sent += out.send.len();
            if over {
                break;
            }
        }
        assert!(sent < 100, "{sent} octets sent");
        let ended = probe.on(now(), Event::Ended, &mut Output::default());
        assert!(over || ended.is_some());
    }
}

fn deliver(choices: &mut Choices<'_>) {
    let letter = Letter {
        date: "Thu, 1 Jan 1970 00:00:00 +0000".into(),
        from: Mailbox::new(&choices.text()),
        to: (0..choices.below(4))
            .map(|_| Mailbox::new(&choices.text()))
            .collect::<Rc<[_]>>(),
        subject: choices.text(),
        body: choices.text(),
    };
    is_one_letter(&letter);
    let mut courier = Courier::new(Route {
        servers: vec![([192, 0, 2, 1], 25).into(), ([192, 0, 2, 2], 25).into()],
        hello: "here".into(),
        connect_timeout: std::time::Duration::from_secs(5),
    });
    let (mut now, mut out) = (now(), Vec::new());
    courier.post(now, 1, letter, &mut out);
    courier.connected(now);
    for _ in 0..200 {
        if choices.is_over() {
            break;
        }
        match choices.below(8) {
            0 => courier.connected(now),
            1 => courier.lost(now, "gone", &mut out),
            2 => {
                now = courier.deadline().unwrap_or(now).max(now);
                courier.tick(now, &mut out);
            }
            3 => courier.wrote(choices.octet().into()),
            4 => courier.received(now, choices.octets(), &mut out),
            _ => {
                courier.wrote(usize::MAX >> 1);
                let code = choices.pick(&["220 a", "250 b", "354 c", "421 d", "550 e", "250-f"]);
                courier.received(now, format!("{code}\r\n").as_bytes(), &mut out);
            }
        }
        assert!(courier.output().len() < 100_000);
    }
    // Nobody says anything any more: the mail is lost in the end, and there is peace.
    for _ in 0..100 {
        let Some(at) = courier.deadline() else { break };
        now = at.max(now);
        courier.tick(now, &mut out);
    }
    assert!(courier.is_idle() && courier.deadline().is_none());
    let ends = |action: &&Action| {
        matches!(
            action,
            Action::Delivered { .. } | Action::Failed { again: None, .. }
        )
    };
    assert!(out.iter().filter(ends).count() <= 1, "{out:?}");
}

/// Lines of the header are ours, and only the last line is a dot.
fn is_one_letter(letter: &Letter) {
    let octets = letter.octets();
    let text = String::from_utf8(octets).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a header");
    for line in head.split("\r\n") {
        let ours = ["Date: ", "From: ", "Subject: ", "X-Mailer: ", "To: ", " "];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line:?}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
    let body = body.strip_suffix("\r\n.\r\n").expect("an end");
    let mut lines = body.split("\r\n");
    assert!(
        lines.all(|line| line != "." && !line.contains('\n')),
        "{body:?}"
    );
}
