use std::os::unix::net::UnixDatagram;

use super::*;
use crate::netlink::header::{Header, kind, write_message};

/// A monitor, and the other end of its socket in the place of the kernel.
fn pair() -> (Monitor, UnixDatagram) {
    let (own, kernel) = UnixDatagram::pair().expect("a pair of sockets");
    own.set_nonblocking(true).expect("non-blocking");
    kernel.set_nonblocking(true).expect("non-blocking");
    let mut monitor = Monitor::open(1 << 16).expect("listening needs no right");
    monitor.fd = own.into();
    (monitor, kernel)
}

/// The kind of the question that the kernel was asked, and its sequence number.
fn heard(kernel: &UnixDatagram) -> Option<(u16, u32)> {
    let mut room = [0; 256];
    let length = kernel.recv(&mut room).ok()?;
    let message = Messages::new(room.get(..length).unwrap_or_default()).next()?;
    Some((message.header.kind, message.header.sequence))
}

/// The end of a part, or a refusal.
fn say(monitor: &Monitor, kernel: &UnixDatagram, of: u32, errno: i32) {
    let header = Header {
        kind: if errno == 0 { kind::DONE } else { kind::ERROR },
        flags: 0,
        sequence: of,
        port: monitor.port,
    };
    let payload = [(-errno).to_ne_bytes(), [0; 4], [0; 4], [0; 4], [0; 4]].concat();
    let mut octets = Vec::new();
    write_message(&mut octets, header, &payload, |_| {});
    kernel.send(&octets).expect("sent");
}

fn read(monitor: &mut Monitor, mirror: &mut Mirror) -> io::Result<ReadStatus> {
    monitor.read(mirror, 0, &mut Changes::new())
}

#[test]
fn what_was_refused_is_asked_for_again() {
    let ((mut monitor, kernel), mut mirror) = (pair(), Mirror::new());
    monitor.resynchronise(&mut mirror).expect("asked");
    let (asked, sequence) = heard(&kernel).expect("a question");
    assert_eq!(asked, kind::GET_LINK);
    say(&monitor, &kernel, sequence, 16);
    assert!(read(&mut monitor, &mut mirror).is_err(), "busy");
    assert!(
        !monitor.is_complete() && heard(&kernel).is_none(),
        "not at once"
    );
    let mended = monitor.mend(&mut mirror).expect("asked");
    assert_eq!(mended, Mended::UnderWay);
    for wanted in [kind::GET_LINK, kind::GET_ADDRESS] {
        let (asked, sequence) = heard(&kernel).expect("a question");
        assert_eq!(asked, wanted);
        say(&monitor, &kernel, sequence, 0);
        let status = read(&mut monitor, &mut mirror).expect("read");
        assert_eq!(status, ReadStatus::Drained);
    }
    assert!(monitor.is_complete());
    assert_eq!(monitor.mend(&mut mirror).ok(), Some(Mended::Whole));
}

#[test]
fn what_could_not_be_sent_is_asked_for_again() {
    let ((mut monitor, kernel), mut mirror) = (pair(), Mirror::new());
    drop(kernel);
    assert!(monitor.resynchronise(&mut mirror).is_err());
    assert!(!monitor.is_complete());
    assert!(monitor.mend(&mut mirror).is_err(), "nor now");
    let (own, kernel) = UnixDatagram::pair().expect("a pair of sockets");
    monitor.fd = own.into();
    assert_eq!(monitor.mend(&mut mirror).ok(), Some(Mended::UnderWay));
    assert_eq!(heard(&kernel).map(|(kind, _)| kind), Some(kind::GET_LINK));
}

#[test]
fn a_kernel_that_says_nothing_is_asked_on_another_socket() {
    let ((mut monitor, kernel), mut mirror) = (pair(), Mirror::new());
    monitor.resynchronise(&mut mirror).expect("asked");
    let (_, sequence) = heard(&kernel).expect("a question");
    say(&monitor, &kernel, sequence, 0);
    let status = read(&mut monitor, &mut mirror).expect("read");
    assert_eq!(status, ReadStatus::Drained);
    // A part was told, so there may be another one.
    assert_eq!(monitor.mend(&mut mirror).ok(), Some(Mended::UnderWay));
    assert_eq!(monitor.mend(&mut mirror).ok(), Some(Mended::Reopened));
    while !monitor.is_complete() {
        let more = wait_readable(monitor.as_fd(), LOAD_LIMIT).expect("a wait");
        assert!(more, "the new one is answered");
        read(&mut monitor, &mut mirror).expect("read");
    }
    assert!(!mirror.links().is_empty(), "there is a loopback at least");
}
