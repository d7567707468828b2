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

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

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
    file: AsyncFd<File>,
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
        Ok(Self { file: AsyncFd::new(File::from(file))?, interface })
    }

    /// Waits for a request. Nothing is lost if that is given up.
    ///
    /// # Errors
    /// Those of the system; the device is gone.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.file.readable().await?;
            if self.is_ready(PollFlags::IN)? {
                match rustix::io::read(self.file.get_ref(), &mut *buffer) {
                    Ok(length) => return Ok(length),
                    // The host has given up meanwhile.
                    Err(Errno::AGAIN) => {}
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            guard.clear_ready();
        }
    }

    /// Waits until there is a request. It may be gone when it is [`read`](Self::read).
    ///
    /// # Errors
    /// Those of the system; the device is gone.
    pub async fn readable(&self) -> io::Result<()> {
        loop {
            let mut guard = self.file.readable().await?;
            if self.is_ready(PollFlags::IN)? {
                return Ok(());
            }
            guard.clear_ready();
        }
    }

    /// Gives the answer to the latest request.
    ///
    /// # Errors
    /// Those of the system; the device is gone. `InvalidInput` if the host does not wait for it any
    /// more.
    pub async fn write(&self, message: &[u8]) -> io::Result<()> {
        loop {
            if self.interface == HostInterface::Bt {
                let mut guard = self.file.writable().await?;
                if !self.is_ready(PollFlags::OUT)? {
                    guard.clear_ready();
                    continue;
                }
            }
            return match rustix::io::write(self.file.get_ref(), message) {
                Ok(length) if length == message.len() => Ok(()),
                Ok(_) => Err(io::ErrorKind::WriteZero.into()),
                Err(Errno::INTR) => continue,
                Err(error) => Err(error.into()),
            };
        }
    }

    /// Whether the device is ready for this, by its own word at this moment.
    fn is_ready(&self, what: PollFlags) -> io::Result<bool> {
        let file = self.file.get_ref().as_fd();
        let mut polled = [PollFd::from_borrowed_fd(file, what)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let [polled] = &polled;
        let seen = polled.revents();
        if seen.intersects(what) {
            return Ok(true);
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        match seen.intersects(gone) {
            true => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the device is gone")),
            false => Ok(false),
        }
    }
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
                device.readable().await.unwrap();
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
        while rustix::io::write(device.file.get_ref(), &[0; 1000]).is_ok() {}
        let mut buffer = [0; HostDevice::LONGEST];
        let write = device.write(&[1, 2, 3]);
        tokio::pin!(write);
        let waiting = tokio::time::timeout(Duration::from_millis(20), &mut write);
        assert!(waiting.await.is_err());
        while rustix::io::read(&host, &mut buffer[..]).is_ok() {}
        write.await.unwrap();
        assert_eq!(rustix::io::read(&host, &mut buffer[..]).unwrap(), 3);

        let (device, _host) = pair(HostInterface::Kcs);
        while rustix::io::write(device.file.get_ref(), &[0; 1000]).is_ok() {}
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
