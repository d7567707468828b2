use ipmi_wire::NetFn;
use proptest::prelude::*;

use super::*;

/// What QEMU 7.2 opens with on x86.
const OPENING: [u8; 6] = [0xff, 0x01, 0xa1, 0x08, 0x3f, 0xa1];
const QUIET: Attention = Attention { waiting: false, interrupts: false, message_interrupts: false };
const GET_DEVICE_ID: [u8; 5] = [0x00, 0x18, 0x01, 0xe7, 0xa0];

/// All that is to be sent, as control codes and messages.
fn sent(link: &mut Link) -> Vec<Frame> {
    let bytes = link.output().to_vec();
    link.sent(bytes.len());
    let mut deframer = Deframer::new();
    bytes.iter().filter_map(|byte| deframer.push(*byte).unwrap()).collect()
}

fn codes(link: &mut Link) -> Vec<ControlCode> {
    let code = |frame| match frame {
        Frame::Control(bytes) => ControlCode::decode_exact(&bytes).unwrap(),
        Frame::Message(bytes) => panic!("{bytes:02x?}"),
    };
    sent(link).into_iter().map(code).collect()
}

fn events(link: &mut Link) -> Vec<Event> {
    std::iter::from_fn(|| link.poll()).collect()
}

/// A link to a QEMU, with all that is said at first behind it.
fn link() -> Link {
    let mut link = Link::new(QUIET);
    link.receive(&OPENING);
    assert_eq!(events(&mut link).len(), 2);
    sent(&mut link);
    link
}

#[test]
fn whoever_connects_is_told_the_version_and_how_the_lines_are() {
    use ControlCode as C;
    assert_eq!(
        codes(&mut Link::new(QUIET)),
        [C::Version(1), C::DisableInterrupts, C::ClearAttention]
    );
    let busy = Attention { waiting: true, interrupts: true, message_interrupts: true };
    let told = [C::Version(1), C::EnableInterrupts, C::SetAttentionAndInterrupt];
    assert_eq!(codes(&mut Link::new(busy)), told);
}

#[test]
fn what_changes_at_the_lines_is_told_and_nothing_else() {
    use ControlCode as C;
    let mut link = link();
    let enabled = Attention { message_interrupts: true, ..QUIET };
    let waiting = Attention { waiting: true, ..enabled };
    let interrupting = Attention { interrupts: true, ..waiting };
    for (attention, told) in [
        (QUIET, vec![]),
        (enabled, vec![C::EnableInterrupts]),
        (enabled, vec![]),
        (waiting, vec![C::SetAttention]),
        (interrupting, vec![C::SetAttentionAndInterrupt]),
        (interrupting, vec![]),
        (enabled, vec![C::ClearAttention]),
        (QUIET, vec![C::DisableInterrupts]),
        (interrupting, vec![C::EnableInterrupts, C::SetAttentionAndInterrupt]),
        (QUIET, vec![C::DisableInterrupts, C::ClearAttention]),
        // Nothing waits that could.
        (Attention { interrupts: true, ..QUIET }, vec![]),
    ] {
        link.attend(attention);
        assert_eq!(codes(&mut link), told, "{attention:?}");
    }
}

#[test]
fn an_answer_has_its_requests_number_and_comes_behind_what_it_changed_at_the_lines() {
    let mut link = link();
    link.receive(&GET_DEVICE_ID);
    let request = Request { netfn: NetFn::App, lun: 0, cmd: 1, data: vec![] };
    assert_eq!(events(&mut link), [Event::Request(request)]);
    assert!(link.is_asked());
    link.attend(Attention { waiting: true, ..QUIET });
    link.answer(&Response { completion: CompletionCode::OK, data: vec![0xa0, 0x20] });
    let answer = vec![0x00, 0x1c, 0x01, 0x00, 0xa0, 0x20, 0x23];
    assert_eq!(sent(&mut link), [Frame::Control(vec![0x01]), Frame::Message(answer)]);
    assert!(!link.is_asked());
    // Nothing is answered twice.
    link.answer(&Response::code(CompletionCode::OK));
    assert_eq!(sent(&mut link), []);
    assert_eq!(link.tally(), Tally { requests: 1, faults: 0 });
}

#[test]
fn a_flood_is_answered_in_order_and_waits() {
    let mut link = link();
    let flood: Vec<u8> = (0..=255u8)
        .flat_map(|sequence| {
            let message = VmMessage { sequence, netfn: 6, lun: 0, cmd: 1, data: vec![] };
            Frame::Message(message.to_bytes()).to_bytes()
        })
        .cycle()
        .take(100_000)
        .collect();
    let (mut rest, mut answered) = (&flood[..], 0u8);
    while !rest.is_empty() {
        let count = link.receive(rest);
        rest = &rest[count..];
        assert!(link.input.len() <= INPUT && link.output.len() < OUTPUT + 300);
        let Some(Event::Request(_)) = link.poll() else { continue };
        assert_eq!(link.poll(), None, "one at a time");
        assert_eq!(link.asked.as_ref().unwrap().sequence, answered);
        link.answer(&Response::ok(&()));
        answered = answered.wrapping_add(1);
        // It does not read what it is answered, for a while.
        if !link.has_room() {
            sent(&mut link);
        }
    }
}

#[test]
fn who_does_not_read_is_not_told_the_lines_over_and_over() {
    let mut link = link();
    for round in 0..100_000 {
        link.attend(Attention { waiting: round % 2 == 0, ..QUIET });
    }
    assert!(link.output().len() <= OUTPUT + 16, "{}", link.output().len());
    link.attend(Attention { waiting: true, message_interrupts: true, ..QUIET });
    let mut told = codes(&mut link);
    told.extend(codes(&mut link));
    // What is true now is the last that is said.
    assert_eq!(told[told.len() - 1], ControlCode::SetAttention);
    assert!(told.contains(&ControlCode::EnableInterrupts));
}

#[test]
fn a_machine_is_made_to_do_what_it_says_it_can() {
    use PowerSignal as S;
    let mut silent = Link::new(QUIET);
    sent(&mut silent);
    let mut link = link();
    for (signal, code) in [
        (S::Off, ControlCode::PowerOff),
        (S::Reset, ControlCode::Reset),
        (S::DiagnosticInterrupt, ControlCode::Nmi),
        (S::SoftShutdown, ControlCode::GracefulShutdown),
    ] {
        assert_eq!(link.signal(signal), Ok(()));
        assert_eq!(codes(&mut link), [code]);
        assert_eq!(silent.signal(signal), Err(Incapable));
    }
    assert_eq!(link.signal(S::On), Err(Incapable));
    link.receive(&[0x08, 0x02, 0xa1]);
    let peer = Peer { version: Some(1), capabilities: Capabilities(0x02), is_known: true };
    assert_eq!(events(&mut link), [Event::Peer(peer)]);
    assert_eq!(link.signal(S::Off), Err(Incapable));
    assert_eq!(link.signal(S::Reset), Ok(()));
}

#[test]
fn what_makes_no_sense_is_counted_and_skipped() {
    let mut link = Link::new(QUIET);
    let faults: [(&[u8], Fault); 6] = [
        (&[0xa0], DecodeError::Truncated { field: "message sequence", missing: 1 }.into()),
        (&[0xa1], DecodeError::Truncated { field: "control code", missing: 1 }.into()),
        (&[0x00, 0x18, 0x01, 0xe6, 0xa0], DecodeError::Checksum { field: "message" }.into()),
        (&[0xaa, 0x00, 0xa0], FrameError::Escape.into()),
        (&[0x00, 0x1c, 0x01, 0x00, 0xe3, 0xa0], Fault::Response),
        (&[0x03, 0xa1], Fault::Code(3)),
    ];
    for (bytes, fault) in &faults {
        assert_eq!(link.receive(bytes), bytes.len());
        assert_eq!(events(&mut link), [Event::Fault(fault.clone())], "{bytes:02x?}");
    }
    assert!(!link.peer().is_known, "nobody who says nothing but that is a machine");
    assert_eq!(link.tally().faults, faults.len() as u64);
    // Half a frame is nothing yet.
    link.receive(&GET_DEVICE_ID[..3]);
    assert_eq!((events(&mut link), link.is_within_frame()), (vec![], true));
    link.receive(&GET_DEVICE_ID[3..]);
    assert!(matches!(events(&mut link)[..], [Event::Request(_)]));
    assert!(link.peer().is_known && !link.is_within_frame());
}

#[test]
fn an_answer_that_no_interface_has_room_for_says_so() {
    let mut link = link();
    for (length, code) in [(LONGEST_DATA, 0x00), (LONGEST_DATA + 1, 0xca)] {
        link.receive(&GET_DEVICE_ID);
        events(&mut link);
        link.answer(&Response { completion: CompletionCode::OK, data: vec![0xa0; length] });
        let [Frame::Message(bytes)] = &sent(&mut link)[..] else { panic!() };
        assert_eq!((bytes[3], bytes.len() <= ipmi_wire::vm::LONGEST_FRAME), (code, true));
    }
}

#[test]
fn a_machine_that_was_reset_says_so_perhaps() {
    let mut link = link();
    link.receive(&[0x04, 0xa1]);
    assert_eq!(events(&mut link), [Event::Reset]);
}

proptest! {
    #[test]
    fn whatever_comes_is_bounded_and_what_follows_is_understood(
        garbage in prop::collection::vec(any::<u8>(), 0..6000),
    ) {
        let mut link = Link::new(QUIET);
        let mut rest = &garbage[..];
        loop {
            let count = link.receive(rest);
            rest = &rest[count..];
            while let Some(event) = link.poll() {
                if let Event::Request(_) = event {
                    link.answer(&Response::code(CompletionCode::INVALID_COMMAND));
                }
            }
            if rest.is_empty() && link.input.is_empty() {
                break;
            }
            sent(&mut link);
        }
        link.receive(&[0xa1]);
        link.receive(&GET_DEVICE_ID);
        prop_assert!(matches!(events(&mut link).pop(), Some(Event::Request(_))));
    }
}
