//! Linux's IPMI device, `/dev/ipmi0`: the way to the BMC of the very machine that this runs on.
//!
//! The kernel does the rest of the work: it speaks to the BMC over KCS, BT or SSIF, numbers requests
//! and finds their answers, and repeats by itself what goes to controllers behind the BMC. What goes
//! in here are whole messages, each with an address and a number of the caller's; what comes out are
//! answers, events and requests of others.

pub(crate) mod ioctl;
mod layout;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::task::{Context, Poll, ready};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tokio::net::unix::pipe::Receiver;

use layout::MAX_MESSAGE;

/// Whom a message is for, or from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpmiAddress {
    /// The BMC.
    SystemInterface {
        /// Its logical unit.
        lun: u8,
    },
    /// A controller on a bus of the BMC.
    Ipmb {
        /// The BMC's channel that the bus is.
        channel: u8,
        /// Its slave address.
        slave_address: u8,
        /// Its logical unit.
        lun: u8,
    },
    /// The same by a message that all on the bus hear.
    IpmbBroadcast {
        /// The BMC's channel that the bus is.
        channel: u8,
        /// Whom it is for.
        slave_address: u8,
        /// Its logical unit.
        lun: u8,
    },
    /// A remote console that has a session with the BMC.
    Lan {
        /// The BMC's channel that it came by.
        channel: u8,
        /// Its privilege.
        privilege: u8,
        /// The session.
        session_handle: u8,
        /// Its software ID.
        remote_software_id: u8,
        /// The software ID here.
        local_software_id: u8,
        /// Its logical unit.
        lun: u8,
    },
    /// Of a kind that is not known here.
    Other {
        /// The kernel's number of the kind.
        kind: i32,
        /// The BMC's channel.
        channel: u8,
    },
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpmiMessage<'a> {
    /// Network function.
    pub netfn: u8,
    /// Command.
    pub cmd: u8,
    /// What follows; with the completion code, in an answer.
    pub data: &'a [u8],
}

/// How often the kernel repeats a request to a controller behind the BMC, and after how long each
/// time. (The BMC itself is asked once, whatever this says.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Beyond the first time.
    pub count: u32,
    /// Milliseconds.
    pub interval_ms: u32,
}

/// What has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpmiReceived {
    /// What it is.
    pub kind: IpmiKind,
    /// From whom.
    pub address: IpmiAddress,
    /// Of an answer: the number that its request was sent under.
    pub id: i64,
    /// Network function.
    pub netfn: u8,
    /// Command.
    pub cmd: u8,
    /// What follows; of an answer, with the completion code.
    pub data: Vec<u8>,
    /// There was more than the kernel's longest message.
    pub truncated: bool,
}

/// Kinds of what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpmiKind {
    /// The answer to a request.
    Response,
    /// From the BMC's event message buffer.
    Event,
    /// A request of somebody else's, which was [registered for](IpmiDevice::register_for_command).
    Command,
    /// What became of an answer to such a one.
    ResponseSent,
    /// From an OEM channel.
    Oem,
    /// Of a kind that is not known here.
    Other(i32),
}

impl IpmiKind {
    const fn of(kind: i32) -> Self {
        match kind {
            1 => Self::Response,
            2 => Self::Event,
            3 => Self::Command,
            4 => Self::ResponseSent,
            5 => Self::Oem,
            other => Self::Other(other),
        }
    }
}

/// An open device. What was sent on it and is not answered yet is forgotten when it is dropped.
#[derive(Debug)]
pub struct IpmiDevice {
    // Tokio's end of a pipe takes any file that can be waited for, and needs no `unsafe`: its
    // `AsyncFd` does.
    file: Receiver,
}

impl IpmiDevice {
    /// Opens the node at `path`. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the system. `ENOTTY` is a file of a kind that cannot be waited for, and so no IPMI
    /// device.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty())?;
        let file = Receiver::from_owned_fd_unchecked(file).map_err(|error| {
            match Errno::from_io_error(&error) {
                // A file that cannot be waited for: this one can.
                Some(Errno::PERM) => Errno::NOTTY.into(),
                _ => error,
            }
        })?;
        Ok(Self { file })
    }

    /// Sends a message to `address`. Its answer comes by [`poll_receive`](Self::poll_receive), under
    /// the same `id`; for a controller behind the BMC that does not answer, the kernel says so (C3h).
    ///
    /// # Errors
    /// Those of the system. `EINVAL` is a message that the kernel keeps for itself (Send Message, Get
    /// Message and Read Event Message Buffer to the BMC).
    pub fn send(
        &self,
        address: &IpmiAddress,
        id: i64,
        message: IpmiMessage<'_>,
        retries: Option<Retries>,
    ) -> io::Result<()> {
        #[allow(clippy::useless_conversion, reason = "not where `long` is shorter")]
        let id = id.try_into().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        ioctl::send(self.file.as_fd(), address, id, message, retries)
    }

    /// Takes the next message, once there is one.
    pub fn poll_receive(&self, context: &mut Context<'_>) -> Poll<io::Result<IpmiReceived>> {
        let mut buffer = [0; MAX_MESSAGE];
        loop {
            ready!(self.file.poll_read_ready(context))?;
            match self.file.try_io(|| ioctl::receive(self.file.as_fd(), &mut buffer)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(arrived) => {
                    let data = buffer.get(..arrived.length).unwrap_or_default().to_vec();
                    return Poll::Ready(Ok(IpmiReceived {
                        kind: IpmiKind::of(arrived.kind),
                        address: arrived.address.decode(),
                        #[allow(
                            clippy::useless_conversion,
                            reason = "not where `long` is shorter"
                        )]
                        id: arrived.id.into(),
                        netfn: arrived.netfn,
                        cmd: arrived.cmd,
                        data,
                        truncated: arrived.truncated,
                    }));
                }
            }
        }
    }

    /// Whether events come, too, which the kernel takes from the BMC's event message buffer.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_gets_events(&self, on: bool) -> io::Result<()> {
        ioctl::set_gets_events(self.file.as_fd(), on)
    }

    /// Has requests of this kind that others send to this machine come here, from all channels.
    ///
    /// # Errors
    /// Those of the system: somebody else has them (`EBUSY`).
    pub fn register_for_command(&self, netfn: u8, cmd: u8, on: bool) -> io::Result<()> {
        ioctl::register_for_command(self.file.as_fd(), netfn, cmd, on)
    }

    /// The same from these channels, one bit each.
    ///
    /// # Errors
    /// As there.
    pub fn register_for_command_on(
        &self,
        netfn: u8,
        cmd: u8,
        channels: u16,
        on: bool,
    ) -> io::Result<()> {
        ioctl::register_for_command_on(self.file.as_fd(), netfn, cmd, channels, on)
    }

    /// The slave address that the kernel takes for the BMC's, on all channels. It is one for all who
    /// have the device open.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_my_address(&self, address: u8) -> io::Result<()> {
        ioctl::set_my_address(self.file.as_fd(), address)
    }

    /// Which that is.
    ///
    /// # Errors
    /// Those of the system.
    pub fn my_address(&self) -> io::Result<u8> {
        ioctl::my_address(self.file.as_fd())
    }

    /// The same on one channel.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_my_channel_address(&self, channel: u8, address: u8) -> io::Result<()> {
        ioctl::set_my_channel_address(self.file.as_fd(), channel, address)
    }

    /// Which that is.
    ///
    /// # Errors
    /// Those of the system.
    pub fn my_channel_address(&self, channel: u8) -> io::Result<u8> {
        ioctl::my_channel_address(self.file.as_fd(), channel)
    }

    /// How often the kernel repeats what is sent here without saying how often.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_timing(&self, retries: Retries) -> io::Result<()> {
        ioctl::set_timing(self.file.as_fd(), retries)
    }

    /// How often that is. A new kernel has -1 for "as usual", told as 0 here.
    ///
    /// # Errors
    /// Those of the system.
    pub fn timing(&self) -> io::Result<Retries> {
        ioctl::timing(self.file.as_fd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_ipmi_device_is_refused() {
        let missing = IpmiDevice::open(Path::new("/no/such/device")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let file = tempfile();
        let plain = IpmiDevice::open(&file).unwrap_err();
        assert_eq!(Errno::from_io_error(&plain), Some(Errno::NOTTY), "it cannot be waited for");
        std::fs::remove_file(file).unwrap();
        // A terminal can be waited for, and knows no such calls.
        let (_line, path) = crate::Terminal::pseudo().unwrap();
        let device = IpmiDevice::open(&path).unwrap();
        let address = IpmiAddress::SystemInterface { lun: 0 };
        let message = IpmiMessage { netfn: 6, cmd: 1, data: &[] };
        let error = device.send(&address, 1, message, None).unwrap_err();
        assert_eq!(Errno::from_io_error(&error), Some(Errno::NOTTY));
    }

    fn tempfile() -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ipmi-io-{}", std::process::id()));
        std::fs::write(&path, b"").unwrap();
        path
    }
}
