//! The BMC's end of the host's own interface on real hardware: Linux's `/dev/ipmi-kcs*` and
//! `/dev/ipmi-bt-host`. A message in is a request of the host, a message out is the answer to it.
//!
//! What the drivers do is read from `kcs_bmc_cdev_ipmi.c` and `bt-bmc.c` of Linux 6.1:
//!
//! * One process has a node at a time; others get `EBUSY`.
//! * KCS: there is never more than one request. Until it is answered the host can give up and ask
//!   anew; writing the answer to the old one is `EINVAL` then. Writing never waits, and polling never
//!   says that it would not.
//! * BT: reading and writing wait in the kernel whatever the flags say, so that they are only tried
//!   when polling says that they need not.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::ipmi::ioctl::{ToHost, to_host};

/// Which driver is behind a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostInterface {
    /// Keyboard controller style.
    Kcs,
    /// Block transfer.
    Bt,
}

/// The host, behind a node.
#[derive(Debug)]
pub struct HostDevice {
    // Tokio's ends of a pipe take any file that can be waited for, and need no `unsafe`.
    requests: Receiver,
    answers: Sender,
    interface: HostInterface,
}

impl HostDevice {
    /// Longer than any request that a driver hands over.
    pub const LONGEST: usize = 1024;

    /// The host behind this node, for us alone. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(path: &Path, interface: HostInterface) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        Self::new(rustix::fs::open(path, flags, Mode::empty())?, interface)
    }

    /// The host behind anything that keeps messages apart and can be waited for. Has to be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn new(file: OwnedFd, interface: HostInterface) -> io::Result<Self> {
        let answers = Sender::from_owned_fd_unchecked(file.try_clone()?)?;
        let requests = Receiver::from_owned_fd_unchecked(file)?;
        Ok(Self { requests, answers, interface })
    }

    /// Waits for a request. Nothing is lost if that is given up.
    ///
    /// # Errors
    /// Those of the system; the device is gone.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.requests.readable().await?;
            let read = self.requests.try_io(|| {
                self.check(PollFlags::IN)?;
                Ok(rustix::io::read(&self.requests, &mut *buffer)?)
            });
            match read {
                // The host has given up meanwhile, or another half of this was told of it.
                Err(error) if is_passing(&error) => {}
                read => return read,
            }
        }
    }

    /// Gives the answer to the latest request.
    ///
    /// # Errors
    /// Those of the system; the device is gone. `InvalidInput` if the host does not wait for it any
    /// more.
    pub async fn write(&self, message: &[u8]) -> io::Result<()> {
        loop {
            let written = match self.interface {
                HostInterface::Kcs => rustix::io::write(&self.answers, message).map_err(Into::into),
                HostInterface::Bt => {
                    self.answers.writable().await?;
                    self.answers.try_io(|| {
                        self.check(PollFlags::OUT)?;
                        Ok(rustix::io::write(&self.answers, message)?)
                    })
                }
            };
            match written {
                Ok(length) if length == message.len() => return Ok(()),
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_passing(&error) && self.interface == HostInterface::Bt => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Raises the attention bit (`SMS_ATN`), or lowers it.
    ///
    /// # Errors
    /// Those of the system. BT's driver lowers nothing: there the host does.
    pub fn show_attention(&self, waiting: bool) -> io::Result<()> {
        let what = if waiting { ToHost::Attention } else { ToHost::NoAttention };
        to_host(self.requests.as_fd(), what)
    }

    /// Makes the host give up on the latest request and begin anew.
    ///
    /// # Errors
    /// Those of the system. BT's driver has no such thing.
    pub fn abort(&self) -> io::Result<()> {
        to_host(self.requests.as_fd(), ToHost::Abort)
    }

    /// That the device is ready for this, by its own word at this moment; `WouldBlock` if not.
    fn check(&self, what: PollFlags) -> io::Result<()> {
        let file = self.requests.as_fd();
        let mut polled = [PollFd::from_borrowed_fd(file, what)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let [polled] = &polled;
        let seen = polled.revents();
        if seen.intersects(what) {
            return Ok(());
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Err(match seen.intersects(gone) {
            true => io::Error::new(io::ErrorKind::BrokenPipe, "the device is gone"),
            false => io::ErrorKind::WouldBlock.into(),
        })
    }
}

/// Whether it is to be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    /// A socket that keeps messages apart, as a node does, and its other end.
    fn pair(interface: HostInterface) -> (HostDevice, OwnedFd) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, host) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        (HostDevice::new(ours, interface).unwrap(), host)
    }

    #[tokio::test]
    async fn messages_come_whole_and_leave_whole() {
        for interface in [HostInterface::Kcs, HostInterface::Bt] {
            let (device, host) = pair(interface);
            let mut buffer = [0; HostDevice::LONGEST];
            for length in [2, 3, 272, 1000] {
                rustix::io::write(&host, &vec![7; length]).unwrap();
            }
            for length in [2, 3, 272, 1000] {
                assert_eq!(device.read(&mut buffer).await.unwrap(), length);
                device.write(&buffer[..length]).await.unwrap();
            }
            for length in [2, 3, 272, 1000] {
                assert_eq!(rustix::io::read(&host, &mut buffer[..]).unwrap(), length);
            }
            let waiting = tokio::time::timeout(Duration::from_millis(20), device.read(&mut buffer));
            assert!(waiting.await.is_err(), "there is none");
            // It was not lost with who gave up.
            rustix::io::write(&host, &[1, 2]).unwrap();
            assert_eq!(device.read(&mut buffer).await.unwrap(), 2);
        }
    }

    #[tokio::test]
    async fn bt_waits_until_it_may_write_and_kcs_does_not() {
        let (device, host) = pair(HostInterface::Bt);
        // Until the other end has room for no more.
        while rustix::io::write(&device.answers, &[0; 1000]).is_ok() {}
        let mut buffer = [0; HostDevice::LONGEST];
        let write = device.write(&[1, 2, 3]);
        tokio::pin!(write);
        let waiting = tokio::time::timeout(Duration::from_millis(20), &mut write);
        assert!(waiting.await.is_err());
        while rustix::io::read(&host, &mut buffer[..]).is_ok() {}
        write.await.unwrap();
        assert_eq!(rustix::io::read(&host, &mut buffer[..]).unwrap(), 3);

        let (device, _host) = pair(HostInterface::Kcs);
        while rustix::io::write(&device.answers, &[0; 1000]).is_ok() {}
        assert!(device.write(&[1, 2, 3]).await.is_err(), "at once");
    }

    #[tokio::test]
    async fn a_device_that_is_gone_says_so() {
        let (device, host) = pair(HostInterface::Kcs);
        drop(host);
        let mut buffer = [0; 8];
        // A socket says "end" first; no driver does.
        assert!(matches!(device.read(&mut buffer).await, Ok(0) | Err(_)));
        assert!(device.write(&[1, 2, 3]).await.is_err());
        let error = HostDevice::open(Path::new("/no/such/node"), HostInterface::Kcs).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
