//! Messages between processes of the daemon, with descriptors in them
//! (`SCM_RIGHTS`, `unix(7)`).

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

/// Two ends of a connection that keeps the bounds of messages. Neither waits.
///
/// # Errors
/// What `socketpair(2)` says.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        flags,
    )?)
}

/// Send a message, and a descriptor with it. The message must not be empty, for
/// that is how the end of the connection looks.
///
/// # Errors
/// `WouldBlock` when the other end reads too slowly; what else `sendmsg(2)` says.
pub fn send(fd: BorrowedFd<'_>, message: &[u8], passed: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let parts = [IoSlice::new(message)];
    let passed: Option<[RawFd; 1]> = passed.map(|fd| [fd.as_raw_fd()]);
    let rights = passed
        .as_ref()
        .map(|fds| [ControlMessage::ScmRights(fds.as_slice())]);
    let control = rights.as_ref().map_or(&[][..], |list| list.as_slice());
    sendmsg::<()>(
        fd.as_raw_fd(),
        &parts,
        control,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    Ok(())
}

/// Receive a message into `room`: its length, and the descriptor that came with
/// it. Length 0 is the end of the connection.
///
/// # Errors
/// `WouldBlock` when there is none; what else `recvmsg(2)` says.
pub fn receive(fd: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = cmsg_space!(RawFd);
    let mut parts = [IoSliceMut::new(room)];
    let message = recvmsg::<()>(
        fd.as_raw_fd(),
        &mut parts,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    let mut passed = None;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            for raw in fds {
                // SAFETY: the kernel has just made this descriptor for us, and
                // nobody else knows of it.
                passed = Some(unsafe { OwnedFd::from_raw_fd(raw) });
            }
        }
    }
    Ok((message.bytes, passed))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn a_descriptor_arrives_with_its_message() {
        let (a, b) = pair().unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        send(a.as_fd(), b"one", Some(reader.as_fd())).unwrap();
        send(a.as_fd(), b"two", None).unwrap();
        drop(reader);
        let mut room = [0; 8];
        let (length, passed) = receive(b.as_fd(), &mut room).unwrap();
        assert_eq!(room.get(..length), Some(&b"one"[..]));
        writer.write_all(b"through").unwrap();
        drop(writer);
        let mut text = String::new();
        File::from(passed.unwrap())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "through");
        let (length, passed) = receive(b.as_fd(), &mut room).unwrap();
        assert_eq!((length, passed.is_none()), (3, true));
    }

    #[test]
    fn nothing_waits_and_the_end_is_an_empty_message() {
        let (a, b) = pair().unwrap();
        let error = receive(b.as_fd(), &mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        drop(a);
        assert_eq!(receive(b.as_fd(), &mut [0; 8]).unwrap().0, 0);
    }
}
