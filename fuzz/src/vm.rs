//! The VM protocol: frames and what is in them, and the BMC's end of a link.

use ipmi_bmc::Attention;
use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::vm::{Event, Link};
use ipmi_wire::vm::{ControlCode, Deframer, Frame, LONGEST_FRAME, VmMessage};
use ipmi_wire::{CompletionCode, Decode, Encode, Response};

/// Takes bytes for a stream, whose first one says how the BMC behaves.
///
/// # Panics
/// If what is accepted does not come out as it went in, if a link holds more than it should, or sends
/// what is no frame.
pub fn run(data: &[u8]) {
    let Some((manner, stream)) = data.split_first() else { return };
    frames(stream);
    link(*manner, stream);
}

fn frames(stream: &[u8]) {
    let mut deframer = Deframer::new();
    for byte in stream {
        let Ok(Some(frame)) = deframer.push(*byte) else { continue };
        let bytes = frame.to_bytes();
        let mut again = Deframer::new();
        let taken: Vec<_> = bytes.iter().filter_map(|byte| again.push(*byte).transpose()).collect();
        assert_eq!(taken, [Ok(frame.clone())]);
        match &frame {
            Frame::Message(bytes) => {
                assert!(bytes.len() <= LONGEST_FRAME);
                if let Ok(message) = VmMessage::decode_exact(bytes) {
                    assert_eq!(message.to_bytes(), *bytes);
                }
            }
            Frame::Control(bytes) => crate::round_trip::<ControlCode>(bytes),
        }
    }
}

fn link(manner: u8, mut stream: &[u8]) {
    let lines = |bits: u8| Attention {
        waiting: bits & 1 != 0,
        interrupts: bits & 2 != 0,
        message_interrupts: bits & 4 != 0,
    };
    let mut link = Link::new(lines(manner));
    let (mut sent, mut asked, mut answered) = (Vec::new(), 0u32, 0u32);
    let mut step = manner;
    loop {
        let count = link.receive(stream);
        stream = &stream[count..];
        while let Some(event) = link.poll() {
            step = step.wrapping_mul(5).wrapping_add(1);
            match event {
                Event::Request(request) => {
                    asked += 1;
                    assert!(link.is_asked() && link.poll().is_none());
                    link.attend(lines(step));
                    let data = request.data.repeat(usize::from(step & 3));
                    link.answer(&Response { completion: CompletionCode::OK, data });
                    answered += 1;
                }
                Event::Peer(peer) => assert_eq!(peer, link.peer()),
                Event::Reset => {
                    let _ = link.signal(PowerSignal::Reset);
                }
                Event::Fault(_) => {}
            }
            // A request's answer, lines and a signal at most beyond the limit.
            assert!(link.output().len() < 4096 + 1024, "{}", link.output().len());
        }
        let count = link.output().len();
        let done = stream.is_empty() && count == 0;
        sent.extend_from_slice(link.output());
        link.sent(count);
        if done && link.poll().is_none() {
            break;
        }
    }
    assert_eq!(asked, answered);
    let mut deframer = Deframer::new();
    let mut messages = 0;
    for byte in sent {
        match deframer.push(byte).expect("frames") {
            Some(Frame::Message(bytes)) => {
                messages += 1;
                assert!(VmMessage::decode_exact(&bytes).expect("a message").is_response());
            }
            Some(Frame::Control(bytes)) => drop(ControlCode::decode_exact(&bytes).expect("a code")),
            None => {}
        }
    }
    assert_eq!(messages, answered);
    assert!(!deframer.is_within());
}
