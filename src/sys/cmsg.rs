//! Ancillary data of `sendmsg(2)` and `recvmsg(2)`: a writer into, and an
//! iterator over, a buffer of control messages (`cmsg(3)`).
//!
//! A control message is its length in a machine word, level and type as `int`,
//! and its data, padded to a machine word. That is all there is, so neither
//! direction needs pointers.

/// Octets of the head in front of the data: `CMSG_LEN(0)`.
const HEAD: usize = size_of::<usize>() + 2 * size_of::<i32>();

const fn padded(length: usize) -> usize {
    length.next_multiple_of(size_of::<usize>())
}

/// Room for `N` octets of control messages, aligned as the kernel wants it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub struct Control<const N: usize> {
    octets: [u8; N],
    used: usize,
}

impl<const N: usize> Default for Control<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Control<N> {
    /// No control message yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: [0; N],
            used: 0,
        }
    }

    /// Forget the messages.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Append a message; false, and nothing appended, when it does not fit.
    pub fn push(&mut self, level: i32, kind: i32, data: &[u8]) -> bool {
        let length = HEAD + data.len();
        let Some(room) = self
            .octets
            .get_mut(self.used..)
            .and_then(|rest| rest.get_mut(..padded(length)))
        else {
            return false;
        };
        let parts: [&[u8]; 4] = [
            &length.to_ne_bytes(),
            &level.to_ne_bytes(),
            &kind.to_ne_bytes(),
            data,
        ];
        let padding = std::iter::repeat(&0);
        for (to, from) in room
            .iter_mut()
            .zip(parts.into_iter().flatten().chain(padding))
        {
            *to = *from;
        }
        self.used += padded(length);
        true
    }

    /// The messages as octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.used).unwrap_or_default()
    }

    /// The whole room, for the kernel to write into.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.octets
    }

    /// How much of the room the kernel has filled.
    pub(crate) fn filled(&mut self, octets: usize) {
        self.used = octets.min(N);
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> Messages<'_> {
        Messages {
            rest: self.as_bytes(),
        }
    }
}

/// One control message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// The protocol level, such as `IPPROTO_IPV6`.
    pub level: i32,
    /// The type within the level, such as `IPV6_PKTINFO`.
    pub kind: i32,
    /// Its data without padding.
    pub data: &'a [u8],
}

/// Iterator over control messages; ends at the first that is not well-formed.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let (length, tail) = self.rest.split_first_chunk()?;
        let (level, tail) = tail.split_first_chunk()?;
        let (kind, tail) = tail.split_first_chunk()?;
        let length = usize::from_ne_bytes(*length);
        let data = tail.get(..length.checked_sub(HEAD)?)?;
        self.rest = self.rest.get(padded(length)..).unwrap_or_default();
        Some(Message {
            level: i32::from_ne_bytes(*level),
            kind: i32::from_ne_bytes(*kind),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut control = Control::<64>::new();
        assert!(control.push(41, 50, &[1; 20]));
        assert!(control.push(41, 52, &255_i32.to_ne_bytes()));
        assert!(!control.push(41, 67, &[0; 4]), "no room for a third");
        let found: Vec<_> = control.messages().map(|m| (m.kind, m.data.len())).collect();
        assert_eq!(found, [(50, 20), (52, 4)]);
        control.clear();
        assert_eq!(control.messages().next(), None);
    }

    proptest! {
        #[test]
        fn foreign_octets_end_the_iteration(octets: [u8; 32], extra in 0_usize..64) {
            let mut control = Control::<32>::new();
            control.room().copy_from_slice(&octets);
            control.filled(extra);
            prop_assert!(control.messages().count() <= 2);
        }
    }
}
