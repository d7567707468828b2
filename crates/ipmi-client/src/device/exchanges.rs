//! Who waits for which answer: no I/O, no clock.

use std::collections::BTreeMap;

use ipmi_io::{IpmiKind, IpmiReceived};
use ipmi_wire::{CompletionCode, Decode, Response};

/// Requests that were sent, by the numbers that the kernel was told.
#[derive(Debug)]
pub(super) struct Exchanges<W> {
    next: i64,
    waiting: BTreeMap<i64, W>,
}

/// What has come, and for whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival<W> {
    /// An answer that somebody waits for.
    Answer(W, Response),
    /// An event from the BMC's buffer.
    Event([u8; 16]),
    /// An answer that nobody waits for any longer, or something else.
    Nothing,
}

impl<W> Exchanges<W> {
    pub(super) const fn new() -> Self {
        Self { next: 1, waiting: BTreeMap::new() }
    }

    /// A number for one more request.
    pub(super) const fn number(&mut self) -> i64 {
        let number = self.next;
        // It has 31 bits where the kernel has 32.
        self.next = if number >= i32::MAX as i64 { 1 } else { number.saturating_add(1) };
        number
    }

    /// The request of this number was sent.
    pub(super) fn sent(&mut self, number: i64, waiter: W) {
        self.waiting.insert(number, waiter);
    }

    /// Forgets those whom nobody waits for.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&W) -> bool) {
        self.waiting.retain(|_, waiter| !is_gone(waiter));
    }

    /// Takes all who wait.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = W> {
        std::mem::take(&mut self.waiting).into_values()
    }

    /// Whose it is that came.
    pub(super) fn take_in(&mut self, received: IpmiReceived) -> Arrival<W> {
        match received.kind {
            IpmiKind::Response => {
                let Some(waiter) = self.waiting.remove(&received.id) else {
                    return Arrival::Nothing;
                };
                // No answer is without a completion code; the kernel says FFh then.
                let response = Response::decode_exact(&received.data)
                    .unwrap_or_else(|_| Response::code(CompletionCode::UNSPECIFIED));
                Arrival::Answer(waiter, response)
            }
            IpmiKind::Event => match received.data.first_chunk() {
                Some(event) => Arrival::Event(*event),
                None => Arrival::Nothing,
            },
            _ => Arrival::Nothing,
        }
    }
}
