//! A recorded packet, and what becomes of others.

use proptest::prelude::*;

use super::*;
use crate::wire::testing::hex;

/// What Debian's keepalived sends after it has come up.
const RECORDED: &str = "20 e0 03 18 ced7b182 ced7b183 0000c350 0000c351 00000000";

fn recorded() -> Control {
    Control {
        state: State::Up,
        is_poll: true,
        multiplier: 3,
        my_discriminator: 0xced7_b182,
        your_discriminator: 0xced7_b183,
        desired_min_tx: 50_000,
        required_min_rx: 50_001,
        ..Control::default()
    }
}

#[test]
fn a_recorded_packet_is_read_and_written() {
    let octets = hex(RECORDED);
    assert_eq!(Control::parse(&octets), Ok(recorded()));
    assert_eq!(recorded().emit()[..], octets);
}

#[test]
fn octets_behind_the_packet_are_no_matter() {
    let mut octets = hex(RECORDED);
    octets.extend([0xff; 9]);
    assert_eq!(Control::parse(&octets), Ok(recorded()));
}

#[test]
fn each_check_of_the_rfc_has_its_reason() {
    use Malformed as M;
    let changes: [(usize, u8, M); 13] = [
        (0, 0x40, M::Version),
        (0, 0x00, M::Version),
        (3, 23, M::Length),
        (3, 25, M::Length),
        (2, 0, M::Multiplier),
        (1, 0xe1, M::Multipoint),
        (1, 0xf0, M::PollAndFinal),
        (0, 0x29, M::Diagnostic),
        (0, 0x3f, M::Diagnostic),
        (1, 0xe4, M::Length),
        (4, 0, M::MyDiscriminator),
        (8, 0, M::YourDiscriminator),
        (3, 0, M::Length),
    ];
    for (place, value, reason) in changes {
        let mut octets = hex(RECORDED);
        octets[place] = value;
        if matches!(reason, M::MyDiscriminator | M::YourDiscriminator) {
            octets[place..place + 4].fill(0);
        }
        assert_eq!(Control::parse(&octets), Err(reason), "{place} {value:#x}");
    }
    assert_eq!(Control::parse(&[]), Err(M::Length));
    assert_eq!(Control::parse(&hex(RECORDED)[..23]), Err(M::Length));
}

#[test]
fn earlier_checks_of_the_rfc_win() {
    assert_eq!(Control::parse(&[0; 24]), Err(Malformed::Version));
    let all_wrong = hex("20 e1 00 18 00000000 00000000 00000000 00000000 00000000");
    assert_eq!(Control::parse(&all_wrong), Err(Malformed::Multiplier));
}

#[test]
fn authentication_is_refused_as_such() {
    let mut octets = hex(RECORDED);
    octets[1] |= 4;
    octets[3] = 28;
    octets.extend([1, 4, 1, 0]);
    assert_eq!(Control::parse(&octets), Err(Malformed::Authentication));
}

#[test]
fn the_unknown_receiver_is_for_sessions_that_are_down() {
    for (state, is_good) in [
        (State::AdminDown, true),
        (State::Down, true),
        (State::Init, false),
        (State::Up, false),
    ] {
        let packet = Control {
            state,
            your_discriminator: 0,
            ..recorded()
        };
        assert_eq!(Control::parse(&packet.emit()).is_ok(), is_good, "{state:?}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_written_as_it_was(
        mut octets in proptest::collection::vec(any::<u8>(), 0..64),
        make_likely: bool,
    ) {
        if make_likely && octets.len() >= LEN {
            octets[0] = 0x20 | octets[0] & 0x0f;
            octets[1] &= !(AUTHENTICATION | MULTIPOINT);
            octets[3] = 24;
        }
        if let Ok(packet) = Control::parse(&octets) {
            let written = packet.emit();
            // Only the length may differ: octets behind the packet are not kept.
            prop_assert_eq!(&written[..3], &octets[..3]);
            prop_assert_eq!(&written[4..], &octets[4..LEN]);
            prop_assert_eq!(Control::parse(&written), Ok(packet));
        }
    }
}
