//! Terminals: pseudo-terminals and serial devices. They carry bytes and change none: raw, as
//! `cfmakeraw` has it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, OptionalActions, Termios, ioctl_tiocexcl, tcflush, tcgetattr, tcsendbreak,
    tcsetattr,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

/// One end of a terminal line.
#[derive(Debug)]
pub struct Terminal {
    // Tokio's halves of a pipe take any file that can be waited for, and need no `unsafe`.
    reader: Receiver,
    writer: Sender,
    breaker: Breaker,
    /// The other end of a pseudo-terminal. As long as it is open here, the line stays up whoever
    /// opens and closes it elsewhere.
    _other: Option<OwnedFd>,
}

impl Terminal {
    /// A new pseudo-terminal, and the path at which others find its other end. Has to be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the system.
    pub fn pseudo() -> io::Result<(Self, PathBuf)> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let other = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
        let mut modes = tcgetattr(&other)?;
        modes.make_raw();
        tcsetattr(&other, OptionalActions::Now, &modes)?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        Ok((Self::new(ours, Some(other))?, path))
    }

    /// A serial device at so many bits a second, with 8 data bits, no parity, one stop bit and no
    /// flow control, whatever its modem lines say. Nobody else can open it meanwhile, but for root.
    /// What came before is dropped. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the system; a rate that the device does not have is one.
    pub fn device(path: &Path, bit_rate: u32) -> io::Result<Self> {
        // Without NONBLOCK, opening may wait for a carrier.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let device = rustix::fs::open(path, flags, Mode::empty())?;
        let mut modes = tcgetattr(&device)?;
        make_8n1(&mut modes);
        modes.set_speed(bit_rate)?;
        ioctl_tiocexcl(&device)?;
        tcsetattr(&device, OptionalActions::Now, &modes)?;
        tcflush(&device, rustix::termios::QueueSelector::IFlush)?;
        Self::new(device, None)
    }

    fn new(file: OwnedFd, other: Option<OwnedFd>) -> io::Result<Self> {
        fcntl_setfl(&file, fcntl_getfl(&file)? | OFlags::NONBLOCK)?;
        let breaker = Breaker(file.try_clone()?);
        let file = File::from(file);
        let reader = Receiver::from_file_unchecked(file.try_clone()?)?;
        let writer = Sender::from_file_unchecked(file)?;
        Ok(Self { reader, writer, breaker, _other: other })
    }

    /// What sends breaks on this line, beside whoever reads and writes.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn breaker(&self) -> io::Result<Breaker> {
        Ok(Breaker(self.breaker.0.try_clone()?))
    }
}

/// Sends breaks.
#[derive(Debug)]
pub struct Breaker(OwnedFd);

impl Breaker {
    /// Sends one, which takes a quarter to half a second on Linux. (A pseudo-terminal has none.)
    ///
    /// # Errors
    /// Those of the system.
    pub async fn send(&self) -> io::Result<()> {
        let device = self.0.try_clone()?;
        let sent = tokio::task::spawn_blocking(move || tcsendbreak(&device)).await;
        sent.map_err(io::Error::other)?.map_err(io::Error::from)
    }
}

fn make_8n1(modes: &mut Termios) {
    modes.make_raw();
    let off = ControlModes::CSTOPB | ControlModes::CRTSCTS | ControlModes::HUPCL;
    modes.control_modes.remove(off);
    modes.control_modes.insert(ControlModes::CLOCAL | ControlModes::CREAD);
}

impl AsyncRead for Terminal {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

impl AsyncWrite for Terminal {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn every_byte_passes_both_ways_as_it_is_and_the_line_outlives_its_users() {
        let all: Vec<u8> = (0..=255).collect();
        let (mut ours, path) = Terminal::pseudo().unwrap();
        for _ in 0..2 {
            // As a device, which it is to whoever opens it.
            let mut device = Terminal::device(&path, 115_200).unwrap();
            ours.write_all(&all).await.unwrap();
            let mut came = vec![0; 256];
            device.read_exact(&mut came).await.unwrap();
            assert_eq!(came, all);
            device.write_all(&all).await.unwrap();
            ours.read_exact(&mut came).await.unwrap();
            assert_eq!(came, all);
            device.breaker().unwrap().send().await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_no_terminal_is_refused() {
        assert!(Terminal::device(Path::new("/dev/null"), 9600).is_err());
        assert!(Terminal::device(Path::new("/no/such/device"), 9600).is_err());
    }
}
