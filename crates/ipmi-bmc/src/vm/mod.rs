//! The BMC's end of a link to a virtual machine: the VM protocol as a state machine.
//!
//! Bytes go in by [`receive`](Link::receive), what they mean comes out of [`poll`](Link::poll), what is
//! to be sent is in [`output`](Link::output). A link lives as long as its connection: with a new one,
//! whoever is there is told anew how the lines between controller and interface are.
//!
//! **A request is answered before the next one is looked at**, and before any byte behind it is: the
//! machine's interface has one outstanding, and one that floods waits. Nothing here grows: there is
//! [room](Link::room) for a few kilobytes each way.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use ipmi_wire::vm::{Capabilities, ControlCode, Deframer, Frame, FrameError, VERSION, VmMessage};
use ipmi_wire::{CompletionCode, Decode, DecodeError, Encode, Request, Response};

use crate::attention::Attention;
use crate::platform::PowerSignal;

/// A link to a virtual machine.
#[derive(Debug)]
pub struct Link {
    input: VecDeque<u8>,
    deframer: Deframer,
    output: Vec<u8>,
    /// The request that is not answered yet.
    asked: Option<VmMessage>,
    peer: Peer,
    /// The lines as they are, and as the other end was last told.
    attention: Attention,
    shown: Option<Attention>,
    tally: Tally,
}

/// What the other end has said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The version of the protocol that it speaks.
    pub version: Option<u8>,
    /// What it can be made to do: nothing, if it has not said.
    pub capabilities: Capabilities,
    /// It has sent something that makes sense: it is what it should be.
    pub is_known: bool,
}

/// What has come, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests.
    pub requests: u64,
    /// Frames that made no sense, and were skipped.
    pub faults: u64,
}

/// What has happened on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Software asks. Nothing else happens until it is [answered](Link::answer).
    Request(Request),
    /// The other end has said something new of itself.
    Peer(Peer),
    /// The machine was reset.
    Reset,
    /// Something that makes no sense was skipped.
    Fault(Fault),
}

/// Why something was skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The frame holds no message, or no control code.
    #[error(transparent)]
    Content(#[from] DecodeError),
    /// It is a response, and nothing was asked.
    #[error("a response, although nothing was asked")]
    Response,
    /// It is nothing that a machine says to its BMC.
    #[error("control code {0:#04x}, which is not for a BMC")]
    Code(u8),
}

/// The machine has no such line, or has not said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine at the other end has no such control")]
pub struct Incapable;

/// So many bytes that have come may wait for an answer to be given.
const INPUT: usize = 2048;
/// With so many bytes to be sent, nothing more is taken in: the other end should read first.
const OUTPUT: usize = 4096;
/// The longest data that an answer may have, for any interface of QEMU's: BT counts a message in one
/// byte (IPMI v2.0 §11.3), and QEMU lets that byte run over. Its KCS has room for 297.
pub const LONGEST_DATA: usize = 251;

impl Link {
    /// A link that has just come to be, at which the lines are as `attention` says.
    #[must_use]
    pub fn new(attention: Attention) -> Self {
        let mut link = Self {
            input: VecDeque::new(),
            deframer: Deframer::new(),
            output: Vec::new(),
            asked: None,
            peer: Peer::default(),
            attention,
            shown: None,
            tally: Tally::default(),
        };
        link.control(&ControlCode::Version(VERSION));
        link.show();
        link
    }

    /// So many bytes of what the other end sends can be [taken in](Self::receive) now.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.has_room() { INPUT.saturating_sub(self.input.len()) } else { 0 }
    }

    /// Whether the other end has read enough of what was sent, so that more can be.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.output.len() < OUTPUT
    }

    /// Takes in what the other end has sent, as far as there is room; how much that is.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.input.extend(bytes.iter().take(count));
        count
    }

    /// What has happened, until there is nothing.
    pub fn poll(&mut self) -> Option<Event> {
        while self.asked.is_none() && self.has_room() {
            let byte = self.input.pop_front()?;
            let event = match self.deframer.push(byte) {
                Ok(None) => continue,
                Ok(Some(frame)) => {
                    self.take(frame).unwrap_or_else(|fault| Some(Event::Fault(fault)))
                }
                Err(error) => Some(Event::Fault(error.into())),
            };
            if let Some(Event::Fault(_)) = event {
                self.tally.faults = self.tally.faults.saturating_add(1);
            }
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// Gives the answer to the request that came last. One that no interface has room for is CAh
    /// (§5.2): what was asked for is more than can be returned.
    pub fn answer(&mut self, response: &Response) {
        let Some(request) = self.asked.take() else { return };
        let fits = response.data.len() <= LONGEST_DATA;
        let short = Response::code(CompletionCode::CANNOT_RETURN_BYTES);
        // Whoever reads the answer then looks at the lines: those come first.
        self.show();
        let answer = request.answer(if fits { response } else { &short });
        Frame::Message(answer.to_bytes()).encode(&mut self.output);
    }

    /// Whether a request waits for its answer.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// The lines are like this now.
    pub fn attend(&mut self, attention: Attention) {
        self.attention = attention;
        self.show();
    }

    /// Has the machine do this.
    ///
    /// # Errors
    /// [`Incapable`] if it cannot. None can be switched on from here: a machine that is off is not
    /// there.
    pub fn signal(&mut self, signal: PowerSignal) -> Result<(), Incapable> {
        let code = code_of(signal, self.peer.capabilities).ok_or(Incapable)?;
        self.control(&code);
        Ok(())
    }

    /// What is to be sent.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So much of it is sent. What has changed at the lines meanwhile is next.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
        self.show();
    }

    /// What the other end has said of itself.
    #[must_use]
    pub const fn peer(&self) -> Peer {
        self.peer
    }

    /// What has come, in numbers. A frame that has begun and not ended is not among it.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub const fn is_within_frame(&self) -> bool {
        self.deframer.is_within()
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Event>, Fault> {
        match frame {
            Frame::Message(bytes) => {
                let message = VmMessage::decode_exact(&bytes)?;
                let request = message.to_request().ok_or(Fault::Response)?;
                self.asked = Some(message);
                self.tally.requests = self.tally.requests.saturating_add(1);
                self.peer.is_known = true;
                Ok(Some(Event::Request(request)))
            }
            Frame::Control(bytes) => self.heed(ControlCode::decode_exact(&bytes)?),
        }
    }

    fn heed(&mut self, code: ControlCode) -> Result<Option<Event>, Fault> {
        let before = self.peer;
        match code {
            ControlCode::Version(version) => self.peer.version = Some(version),
            ControlCode::Capabilities(capabilities) => self.peer.capabilities = capabilities,
            ControlCode::Reset => {
                self.peer.is_known = true;
                return Ok(Some(Event::Reset));
            }
            code => {
                let number = code.to_bytes().first().copied().unwrap_or_default();
                return Err(Fault::Code(number));
            }
        }
        self.peer.is_known = true;
        self.show();
        Ok((self.peer != before).then_some(Event::Peer(self.peer)))
    }

    /// Tells the other end what has changed at the lines, unless there is much for it to read already.
    fn show(&mut self) {
        if self.shown == Some(self.attention) || !self.has_room() {
            return;
        }
        let (is, was) = (self.attention, self.shown.replace(self.attention));
        // What raises an interrupt has to find it enabled.
        if was.is_none_or(|was| was.message_interrupts != is.message_interrupts) {
            self.control(match is.message_interrupts {
                true => &ControlCode::EnableInterrupts,
                false => &ControlCode::DisableInterrupts,
            });
        }
        let line = |attention: Attention| match (attention.waiting, attention.interrupts) {
            (false, _) => ControlCode::ClearAttention,
            (true, false) => ControlCode::SetAttention,
            (true, true) => ControlCode::SetAttentionAndInterrupt,
        };
        if was.is_none_or(|was| line(was) != line(is)) {
            self.control(&line(is));
        }
    }

    fn control(&mut self, code: &ControlCode) {
        Frame::Control(code.to_bytes()).encode(&mut self.output);
    }
}

/// The control code for a signal, if a machine with these capabilities has one.
fn code_of(signal: PowerSignal, capabilities: Capabilities) -> Option<ControlCode> {
    let (needed, code) = match signal {
        PowerSignal::On => return None,
        PowerSignal::Off => (Capabilities::POWER, ControlCode::PowerOff),
        PowerSignal::Reset => (Capabilities::RESET, ControlCode::Reset),
        PowerSignal::DiagnosticInterrupt => (Capabilities::NMI, ControlCode::Nmi),
        PowerSignal::SoftShutdown => {
            (Capabilities::GRACEFUL_SHUTDOWN, ControlCode::GracefulShutdown)
        }
    };
    if capabilities.has(needed) { Some(code) } else { None }
}

/// Whether a machine with these capabilities can be made to do this.
#[must_use]
pub fn is_capable(capabilities: Capabilities, signal: PowerSignal) -> bool {
    code_of(signal, capabilities).is_some()
}
