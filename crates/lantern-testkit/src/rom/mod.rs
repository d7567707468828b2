//! A virtual machine without an operating system, in a twentieth of a second: QEMU with a program of 250
//! bytes in the place of its firmware, which asks its BMC what a test wants to know.
//!
//! The interface is QEMU's own, KCS or BT, and so is its end of the way to the BMC. `rom.s` is the program.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::peers::Peer;
use crate::process::{kill_group, wait_until};

/// The interface between the machine and its BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Keyboard Controller Style, at CA2h.
    Kcs,
    /// Block Transfer, at E4h.
    Bt,
}

impl Interface {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Kcs, Self::Bt];

    const fn program(self) -> &'static str {
        match self {
            Self::Kcs => KCS,
            Self::Bt => BT,
        }
    }

    const fn device(self) -> &'static str {
        match self {
            Self::Kcs => "isa-ipmi-kcs,bmc=bmc0,irq=5",
            Self::Bt => "isa-ipmi-bt,bmc=bmc0,irq=5",
        }
    }

    /// The bit of its status that asks for attention.
    const fn attention(self) -> u8 {
        match self {
            Self::Kcs => 0x04,
            Self::Bt => 0x10,
        }
    }
}

/// What a machine asks, in this order.
#[derive(Clone, Debug)]
pub struct Rom {
    interface: Interface,
    table: Vec<u8>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Network function and LUN, command, completion code, data.
    pub message: Vec<u8>,
    /// Whether the interface asked for attention then (`SMS_ATN`).
    pub attention: bool,
    /// Whether it had raised an interrupt since the machine came on.
    pub interrupt: bool,
}

impl Answer {
    /// The completion code and the data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.message[2..]
    }
}

/// How long a machine may take, when many others run.
const PATIENCE: Duration = Duration::from_secs(60);

impl Rom {
    /// A machine that asks for its BMC's device ID.
    #[must_use]
    pub fn new(interface: Interface) -> Self {
        Self { interface, table: Vec::new() }.ask(&[0x18, 0x01])
    }

    /// It asks this then: network function and LUN, command, data.
    ///
    /// # Panics
    /// If that is more than it can say.
    #[must_use]
    pub fn ask(mut self, message: &[u8]) -> Self {
        assert!((2..0xfe).contains(&message.len()), "{message:02x?}");
        self.table.push(message.len().try_into().expect("a byte"));
        self.table.extend_from_slice(message);
        self
    }

    /// It waits then until the interface asks for attention.
    #[must_use]
    pub fn await_attention(mut self) -> Self {
        self.table.push(0xff);
        self
    }

    /// It waits then until the interface has raised an interrupt.
    #[must_use]
    pub fn await_interrupt(mut self) -> Self {
        self.table.push(0xfe);
        self
    }

    /// Starts it, with a BMC to which `chardev` leads: `host=127.0.0.1,port=9002,reconnect=1`. `None`
    /// without QEMU: see [`Peer::find`].
    #[must_use]
    pub fn start(&self, chardev: &str) -> Option<Running> {
        let qemu = Peer::find("qemu-system-x86_64")?;
        let directory = tempfile::tempdir().expect("a directory");
        let (rom, said) = (directory.path().join("rom"), directory.path().join("said"));
        fs::write(&rom, self.image()).expect("a file");
        let fixed = "-M pc,accel=tcg -m 16 -display none -nodefaults -no-user-config";
        let child = qemu
            .command()
            .args(fixed.split(' '))
            .arg("-bios")
            .arg(&rom)
            .arg("-chardev")
            .arg(format!("file,id=said,path={}", said.display()))
            .args(["-device", "isa-debugcon,iobase=0xe9,chardev=said"])
            .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
            .args(["-chardev", &format!("socket,id=ipmi0,{chardev}")])
            .args(["-device", "ipmi-bmc-extern,id=bmc0,chardev=ipmi0"])
            .args(["-device", self.interface.device()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("errors")).expect("a file"))
            .process_group(0)
            .spawn()
            .expect("QEMU can be started");
        Some(Running { child, interface: self.interface, said, directory })
    }

    /// Runs it to its end; what was answered. `None` without QEMU.
    ///
    /// # Panics
    /// If it does not come to its end.
    #[must_use]
    pub fn run(&self, chardev: &str) -> Option<Vec<Answer>> {
        self.start(chardev).map(Running::finish)
    }

    /// The last 64 KiB below 1 MiB, at the end of which the processor starts.
    fn image(&self) -> Vec<u8> {
        let hex = self.interface.program();
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| {
            let text = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(text, 16).expect("digits")
        };
        let mut image: Vec<u8> = digits.chunks(2).map(byte).collect();
        image.extend_from_slice(&self.table);
        image.push(0);
        assert!(image.len() < 0xfff0, "too much to ask");
        image.resize(0x1_0000, 0);
        // A jump to F000:0000.
        image[0xfff0..0xfff5].copy_from_slice(&[0xea, 0x00, 0x00, 0x00, 0xf0]);
        image
    }
}

/// A machine that runs until it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    interface: Interface,
    said: PathBuf,
    directory: TempDir,
}

impl Running {
    /// Waits for its end; what was answered.
    ///
    /// # Panics
    /// If it does not come to its end within a minute.
    #[must_use]
    pub fn finish(mut self) -> Vec<Answer> {
        let status = wait_until(&mut self.child, Instant::now() + PATIENCE);
        let errors = fs::read_to_string(self.directory.path().join("errors")).unwrap_or_default();
        // isa-debug-exit makes 2n + 1 of what it is given.
        let is_done = status.is_some_and(|status| status.code() == Some(1));
        assert!(is_done, "{status:?}, having said {:?}; {errors}", self.text());
        self.answers()
    }

    /// Waits until so many answers are there.
    ///
    /// # Panics
    /// If they are not within a minute.
    pub fn wait_for(&mut self, count: usize) -> Vec<Answer> {
        let start = Instant::now();
        loop {
            let answers = self.answers();
            if answers.len() >= count {
                return answers;
            }
            assert!(start.elapsed() < PATIENCE, "it has said {:?}", self.text());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until it ends in any way; whether it does within `patience`.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        wait_until(&mut self.child, Instant::now() + patience).is_some()
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        kill_group(&self.child);
        let _ = self.child.wait();
    }

    /// Lets it stand still, or go on.
    ///
    /// # Panics
    /// If it has ended.
    pub fn stand_still(&self, still: bool) {
        let pid = Pid::from_child(&self.child);
        let signal = if still { Signal::STOP } else { Signal::CONT };
        kill_process(pid, signal).expect("it runs");
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    fn answers(&self) -> Vec<Answer> {
        let text = self.text();
        // What has no end yet is no line.
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| self.answer(line)).collect()
    }

    fn answer(&self, line: &str) -> Answer {
        let bytes = |text: &str| -> Option<Vec<u8>> {
            text.split_whitespace().map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
        };
        let read = || {
            let (message, lines) = line.split_once(':')?;
            let [status, requested] = bytes(lines)?.try_into().ok()?;
            Some(Answer {
                message: bytes(message)?,
                attention: status & self.interface.attention() != 0,
                // Line 5 of the first interrupt controller.
                interrupt: requested & 0x20 != 0,
            })
        };
        read().unwrap_or_else(|| panic!("it said {line:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        kill_group(&self.child);
        let _ = self.child.wait();
    }
}

const KCS: &str = "\
    fa31c08ed0bc00708cc88ed8bd0100befc00ac0fb6c8e84c0080ffd274f131edbefc00ac84c074243cff74273cfe742d \
    0fb6c8e82f00b03ae6e9baa30cece89e00e420e89900b00ae6e9ebd730c0e6f4f4ebfdbaa30ceca80474f8ebc6e420a8 \
    2074faebbe31ffe85200b061eee84c00e85b0083f9017406e8360049ebf5b062eee83800e84700ac4aee42e82e00ec24 \
    c074123c407515e82b004aece83300b068ee42ebe6e81d00e82300c3b045e6e9c3ac4aee42e80400e81300c3baa30cec \
    a80275fbc3baa30ceca80174fbc34aec42c34783ff03750288c785ed7401c350c0e804e80b0058240fe80500b020e6e9 \
    c304303c3976020427e6e9c3";

const BT: &str = "\
    fa31c08ed0bc00708cc88ed8b001bae600eebd0100bee400ac0fb6c8e84c0080ffd274f131edbee400ac84c074243cff \
    74273cfe742d0fb6c8e82f00b03ae6e9bae400ece88000e420e87b00b00ae6e9ebd730c0e6f4f4ebfdbae400eca81074 \
    f8ebc6e420a82074faebbe31ffbae400eca88475fbb001ee4288c8fec0eeaceefec388d8ee49aceee2fc4ab004eeeca8 \
    0874fbb040eeb008eeb002ee42ec0fb6c8ece81500ec83e902ece80d00e2fa42b003ee83ea02b040eec34783ff037502 \
    88c785ed7401c350c0e804e80b0058240fe80500b020e6e9c304303c3976020427e6e9c3";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_starts_where_its_program_is_and_has_its_table_behind_it() {
        let rom = Rom::new(Interface::Bt).await_attention().ask(&[0x28, 0x43, 1]);
        let image = rom.image();
        assert_eq!(image.len(), 0x1_0000);
        let table = [2, 0x18, 0x01, 0xff, 3, 0x28, 0x43, 1, 0];
        let program = BT.bytes().filter(u8::is_ascii_hexdigit).count() / 2;
        assert_eq!(image[program..program + table.len()], table);
    }
}
