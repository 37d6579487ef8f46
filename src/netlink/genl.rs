//! Generic netlink: families the kernel numbers at run time, and their heads.
//!
//! A family is asked for by its name from the controller, whose own number is
//! fixed (`linux/genetlink.h`). Its messages have four octets of head behind
//! the one of netlink, then attributes.

use super::attr::{Attribute, Attributes, Writer};
use super::header::{Header, Message, flag, write_message};

/// Octets of the head (`struct genlmsghdr`).
pub const HEAD: usize = 4;

/// The controller's number (`GENL_ID_CTRL`).
const CONTROLLER: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

/// A family as the kernel numbers it, and the version of its messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Family {
    /// Message type of all its messages.
    pub number: u16,
    /// Version of the head.
    pub version: u8,
}

impl Family {
    const CONTROLLER: Self = Self {
        number: CONTROLLER,
        version: 1,
    };

    /// Append a request of this family: its command, and what `write` adds.
    pub fn write(
        self,
        buffer: &mut Vec<u8>,
        command: u8,
        flags: u16,
        sequence: u32,
        write: impl FnOnce(&mut Writer<'_>),
    ) {
        let header = Header {
            kind: self.number,
            flags: flags | flag::REQUEST,
            sequence,
            port: 0,
        };
        write_message(buffer, header, &[command, self.version, 0, 0], write);
    }

    /// Command and attributes of a message, if it is of this family.
    #[must_use]
    pub fn read<'a>(self, message: &Message<'a>) -> Option<(u8, Attributes<'a>)> {
        let command = *message.payload.first()?;
        let of_family = message.header.kind == self.number && message.payload.len() >= HEAD;
        of_family.then(|| (command, Attributes::after(message.payload, HEAD)))
    }
}

/// Append the question for the number of a family.
pub fn write_family_question(buffer: &mut Vec<u8>, name: &str, sequence: u32) {
    Family::CONTROLLER.write(buffer, GET_FAMILY, 0, sequence, |attributes| {
        attributes.text(FAMILY_NAME, name);
    });
}

/// The number in the controller's answer.
#[must_use]
pub fn family_number(message: &Message<'_>) -> Option<u16> {
    let (_, mut attributes) = Family::CONTROLLER.read(message)?;
    let id = attributes.find(|attribute| attribute.kind == FAMILY_ID)?;
    Attribute::as_u16(&id).filter(|&number| number > CONTROLLER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::header::Messages;

    #[test]
    fn a_family_is_asked_for_by_name() {
        let mut buffer = Vec::new();
        write_family_question(&mut buffer, "IPVS", 7);
        let expected = [
            32, 0, 0, 0, 16, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, // netlink head
            3, 1, 0, 0, // generic head
            9, 0, 2, 0, b'I', b'P', b'V', b'S', 0, 0, 0, 0, // name
        ];
        if cfg!(target_endian = "little") {
            assert_eq!(buffer, expected);
        }
        let message = Messages::new(&buffer).next().unwrap();
        assert_eq!(family_number(&message), None, "a question is no answer");
    }

    #[test]
    fn the_answer_has_its_number() {
        let mut buffer = Vec::new();
        Family::CONTROLLER.write(&mut buffer, 1, 0, 7, |attributes| {
            attributes.text(FAMILY_NAME, "IPVS");
            attributes.u16(FAMILY_ID, 34);
        });
        let message = Messages::new(&buffer).next().unwrap();
        assert_eq!(family_number(&message), Some(34));
    }
}
