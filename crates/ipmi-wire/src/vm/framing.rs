//! Frames on the stream.

use crate::codec::Encode;

/// Ends a message.
const MESSAGE_END: u8 = 0xa0;
/// Ends a control code.
const CONTROL_END: u8 = 0xa1;
/// The byte after it had bit 4 clear, and was one of these three.
const ESCAPE: u8 = 0xaa;
const ESCAPED: u8 = 0x10;

/// What was between two end bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message: see [`VmMessage`](super::VmMessage).
    Message(Vec<u8>),
    /// A control code: see [`ControlCode`](super::ControlCode).
    Control(Vec<u8>),
}

impl Encode for Frame {
    fn encode(&self, out: &mut Vec<u8>) {
        let (bytes, end) = match self {
            Self::Message(bytes) => (bytes, MESSAGE_END),
            Self::Control(bytes) => (bytes, CONTROL_END),
        };
        for byte in bytes {
            match *byte {
                MESSAGE_END | CONTROL_END | ESCAPE => out.extend([ESCAPE, *byte | ESCAPED]),
                byte => out.push(byte),
            }
        }
        out.push(end);
    }
}

/// Why what was between two end bytes is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// It is longer than any frame: see [`LONGEST_FRAME`](super::LONGEST_FRAME).
    #[error("a frame of more than {} bytes", super::LONGEST_FRAME)]
    TooLong,
    /// Something is escaped that never is, or nothing is.
    #[error("a frame with an escape that escapes nothing")]
    Escape,
}

/// Takes a stream apart, byte by byte. It never holds more than one frame, whatever comes.
#[derive(Clone, Debug, Default)]
pub struct Deframer {
    frame: Vec<u8>,
    is_escaped: bool,
    /// What is wrong with what has come since the last end byte.
    error: Option<FrameError>,
}

impl Deframer {
    /// At the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { frame: Vec::new(), is_escaped: false, error: None }
    }

    /// Takes a byte; what it ends, if it ends anything.
    ///
    /// # Errors
    /// It ends something that is no frame. The next byte begins the next one.
    pub fn push(&mut self, byte: u8) -> Result<Option<Frame>, FrameError> {
        match byte {
            MESSAGE_END => self.end().map(Frame::Message).map(Some),
            CONTROL_END => self.end().map(Frame::Control).map(Some),
            ESCAPE if !self.is_escaped => {
                self.is_escaped = true;
                Ok(None)
            }
            byte => {
                let byte = match core::mem::take(&mut self.is_escaped) {
                    false => byte,
                    true => self.unescape(byte),
                };
                if self.frame.len() >= super::LONGEST_FRAME {
                    self.error.get_or_insert(FrameError::TooLong);
                }
                if self.error.is_none() {
                    self.frame.push(byte);
                }
                Ok(None)
            }
        }
    }

    /// Whether something has come since the last end byte.
    #[must_use]
    pub const fn is_within(&self) -> bool {
        !self.frame.is_empty() || self.is_escaped || self.error.is_some()
    }

    fn unescape(&mut self, byte: u8) -> u8 {
        let byte = byte ^ ESCAPED;
        if !matches!(byte, MESSAGE_END | CONTROL_END | ESCAPE) {
            self.error.get_or_insert(FrameError::Escape);
        }
        byte
    }

    fn end(&mut self) -> Result<Vec<u8>, FrameError> {
        if core::mem::take(&mut self.is_escaped) {
            self.error.get_or_insert(FrameError::Escape);
        }
        let frame = core::mem::take(&mut self.frame);
        self.error.take().map_or(Ok(frame), Err)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vm::LONGEST_FRAME;

    /// All that is in a stream.
    fn take_apart(stream: &[u8]) -> Vec<Result<Frame, FrameError>> {
        let mut deframer = Deframer::new();
        stream.iter().filter_map(|byte| deframer.push(*byte).transpose()).collect()
    }

    #[test]
    fn what_qemu_opens_with_is_two_control_codes() {
        // Captured from QEMU 7.2, on x86.
        let opening = [0xff, 0x01, 0xa1, 0x08, 0x3f, 0xa1];
        let frames = [Frame::Control(vec![0xff, 0x01]), Frame::Control(vec![0x08, 0x3f])];
        assert_eq!(take_apart(&opening), frames.clone().map(Ok));
        let bytes: Vec<u8> = frames.iter().flat_map(Encode::to_bytes).collect();
        assert_eq!(bytes, opening);
    }

    #[test]
    fn the_three_bytes_that_mean_something_are_escaped() {
        let frame = Frame::Message(vec![0xa0, 0xa1, 0xaa, 0xb0, 0xba, 0xab]);
        let bytes = [0xaa, 0xb0, 0xaa, 0xb1, 0xaa, 0xba, 0xb0, 0xba, 0xab, 0xa0];
        assert_eq!(frame.to_bytes(), bytes);
        assert_eq!(take_apart(&bytes), [Ok(frame)]);
    }

    #[test]
    fn what_is_no_frame_is_told_once_and_what_follows_is_read() {
        let good = [0x01, 0xa1];
        let is_good = Ok(Frame::Control(vec![0x01]));
        for (bad, error) in [
            (vec![0xaa, 0x20, 0x20, 0xa0], FrameError::Escape),
            // What would be A0h if a clear bit were cleared.
            (vec![0xaa, 0xaa, 0xa0], FrameError::Escape),
            (vec![0x20, 0xaa, 0xa0], FrameError::Escape),
            ([vec![0; LONGEST_FRAME + 1], vec![0xa0]].concat(), FrameError::TooLong),
            ([vec![0; 100_000], vec![0xaa, 0xa1]].concat(), FrameError::TooLong),
        ] {
            let stream = [&bad[..], &good].concat();
            assert_eq!(take_apart(&stream), [Err(error), is_good.clone()], "{bad:02x?}");
        }
        let longest = [vec![0; LONGEST_FRAME], vec![0xa0]].concat();
        assert_eq!(take_apart(&longest), [Ok(Frame::Message(vec![0; LONGEST_FRAME]))]);
    }

    #[test]
    fn garbage_takes_no_room() {
        let mut deframer = Deframer::new();
        for _ in 0..1_000_000 {
            assert_eq!(deframer.push(0x55), Ok(None));
        }
        assert!(deframer.is_within());
        assert!(deframer.frame.capacity() < 1024);
        assert_eq!(deframer.push(0xa0), Err(FrameError::TooLong));
        assert!(!deframer.is_within());
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let bytes = prop::collection::vec(
            prop_oneof![
                any::<u8>(),
                prop::sample::select(vec![0xa0, 0xa1, 0xaa, 0xb0, 0xb1, 0xba])
            ],
            0..=LONGEST_FRAME,
        );
        (any::<bool>(), bytes).prop_map(|(message, bytes)| match message {
            true => Frame::Message(bytes),
            false => Frame::Control(bytes),
        })
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(frames in prop::collection::vec(frame(), 0..6)) {
            let stream: Vec<u8> = frames.iter().flat_map(Encode::to_bytes).collect();
            let taken: Result<Vec<_>, _> = take_apart(&stream).into_iter().collect();
            prop_assert_eq!(taken, Ok(frames));
        }

        #[test]
        fn garbage_before_a_frame_costs_that_frame_at_most(
            garbage in prop::collection::vec(any::<u8>(), 0..900),
            frame in frame(),
        ) {
            let stream = [garbage, vec![0xa1], frame.to_bytes()].concat();
            prop_assert_eq!(take_apart(&stream).pop(), Some(Ok(frame)));
        }
    }
}
