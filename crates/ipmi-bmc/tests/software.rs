//! Consoles and software on the host, who speak to each other through the BMC.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::Machine;
use common::console::{Console, answer, payload, suite_0};
use ipmi_bmc::{Attention, Bmc, Reply};
use ipmi_wire::cmd::app::{
    ClearMessageFlags, CloseSession, ColdReset, EnableMessageChannelReceive, GetDeviceId,
    GetMessage, GetMessageFlags, GetSessionInfo, GlobalEnables, MessageFlags, SendMessage,
    SessionSelector, SetBmcGlobalEnables, SetSessionPrivilegeLevel,
};
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::software::SessionMessage;
use ipmi_wire::{Channel, CompletionCode, Decode, Encode, NetFn, Privilege, Request, Response};

const LAN: Channel = Bmc::LAN_CHANNEL;

fn open(machine: &mut Machine, enable: Option<bool>) -> bool {
    machine.ask(&EnableMessageChannelReceive { channel: LAN, enable }).unwrap().enabled
}

/// A machine whose software listens, and a console.
fn listening() -> (Machine, Console) {
    let mut machine = suite_0();
    let console = Console::login(&mut machine, common::peer(), 3);
    assert!(open(&mut machine, Some(true)));
    (machine, console)
}

/// Command 42h of network function 30h for software.
fn for_software(sequence: u8, data: &[u8]) -> LanMessage {
    let netfn = NetFn::from_number(0x30);
    LanMessage::request(sequence, &Request { netfn, lun: 2, cmd: 0x42, data: data.to_vec() })
}

/// What software takes out of the queue.
fn take(machine: &mut Machine) -> SessionMessage {
    let received = machine.ask(&GetMessage).unwrap();
    assert_eq!(received.channel, LAN);
    SessionMessage::decode_exact(&received.data).unwrap()
}

/// What consoles come to hear unasked.
fn heard(machine: &mut Machine, console: &mut Console) -> Vec<LanMessage> {
    let next = || machine.bmc.poll_outgoing(machine.now, &mut console.entropy);
    let datagrams: Vec<_> = std::iter::from_fn(next).collect();
    let read = |(to, datagram): (_, Vec<u8>)| {
        assert_eq!(to, console.from);
        LanMessage::decode_exact(&payload(&datagram)).unwrap()
    };
    datagrams.into_iter().map(read).collect()
}

fn say(machine: &mut Machine, message: &SessionMessage) -> Result<(), CompletionCode> {
    let sent = machine.ask(&SendMessage::in_session(LAN, message));
    sent.map(|sent| assert!(sent.data.is_empty()))
}

fn code(reply: Option<Reply>) -> Option<u8> {
    match reply? {
        Reply::Now(reply) => Some(answer(&reply).completion.0),
        Reply::Held(_) => panic!("nothing of it is kept"),
    }
}

const DONE: Response = Response { completion: CompletionCode::OK, data: Vec::new() };

#[test]
fn a_request_waits_for_software_and_gets_its_answer() {
    let (mut machine, mut console) = listening();
    assert_eq!(machine.bmc.attention(), Attention::default());
    let request = for_software(9, &[1, 2, 3]);
    assert!(console.send(&mut machine, &request).is_none(), "it is not ours to answer");
    let seen = machine.bmc.attention();
    assert_eq!((seen.waiting, seen.interrupts), (true, false));
    let enables = GlobalEnables { receive_interrupt: true, ..GlobalEnables::default() };
    machine.ask(&SetBmcGlobalEnables { enables }).unwrap();
    assert!(machine.bmc.attention().interrupts);
    assert!(machine.ask(&GetMessageFlags).unwrap().receive_queue);
    // Asked again, it is not there twice.
    assert!(console.send(&mut machine, &request).is_none());
    // By hand from Table 22-9: administrator on channel 1, handle, message.
    let handle = machine.bmc.sessions().iter().next().unwrap().handle;
    let raw = Request { netfn: NetFn::App, lun: 0, cmd: 0x33, data: vec![] };
    let raw = machine.request(ipmi_bmc::Origin::SystemInterface, &raw);
    let expected = [&[0x41, handle][..], &request.to_bytes()].concat();
    assert_eq!((raw.completion, raw.data), (CompletionCode::OK, expected));
    assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
    assert_eq!(machine.ask(&GetMessageFlags).unwrap(), MessageFlags::default());
    assert!(!machine.bmc.attention().waiting);
    machine.now += Duration::from_secs(2);
    let said = Response { completion: CompletionCode(0x85), data: vec![7, 8] };
    let reply = request.answer(&said);
    let message = SessionMessage { handle, message: reply.clone() };
    say(&mut machine, &message).unwrap();
    assert_eq!(heard(&mut machine, &mut console), [reply]);
    // A console that lost it gets the same again, and software is not asked.
    let Some(Reply::Now(again)) = console.send(&mut machine, &request) else { panic!() };
    assert_eq!(answer(&again), said);
    assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
    // Nobody waits for a second answer.
    assert_eq!(say(&mut machine, &message), Err(CompletionCode::DESTINATION_UNAVAILABLE));
    assert!(heard(&mut machine, &mut console).is_empty());
}

#[test]
fn software_that_does_not_listen_is_not_reached() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, common::peer(), 3);
    assert!(!open(&mut machine, None));
    assert_eq!(code(console.send(&mut machine, &for_software(1, &[]))), Some(0xd3));
    let wrapped = SendMessage::tracked(Channel::SYSTEM_INTERFACE, &for_software(2, &[]));
    assert_eq!(console.ask(&mut machine, 2, &wrapped).unwrap().completion.0, 0xd3);
    assert_eq!(machine.bmc.attention(), Attention::default());
    // It is asked of again, and now it listens.
    open(&mut machine, Some(true));
    assert!(console.send(&mut machine, &for_software(3, &[])).is_none());
    take(&mut machine);
    open(&mut machine, Some(false));
    assert_eq!(code(console.send(&mut machine, &for_software(4, &[]))), Some(0xd3));
    // The system interface's own channel cannot be turned off, and others are not there.
    let receive =
        |channel, enable| EnableMessageChannelReceive { channel: Channel::new(channel), enable };
    for (channel, enable, expected) in [
        (15, None, Ok(true)),
        (15, Some(true), Ok(true)),
        (14, None, Ok(true)),
        (15, Some(false), Err(0xcc)),
        (0, None, Err(0xcc)),
        (3, Some(true), Err(0xcc)),
    ] {
        let answer = machine.ask(&receive(channel, enable)).map(|answer| answer.enabled);
        assert_eq!(answer, expected.map_err(CompletionCode), "{channel} {enable:?}");
    }
}

#[test]
fn a_request_may_come_in_a_message_to_the_system_interface() {
    for tracking in [SendMessage::TRACKED, SendMessage::UNTRACKED] {
        let (mut machine, mut console) = listening();
        let inner = LanMessage { to_lun: 0, ..for_software(9, &[5]) };
        let channel = Channel::SYSTEM_INTERFACE;
        let wrapped = SendMessage { tracking, ..SendMessage::tracked(channel, &inner) };
        let taken = console.ask(&mut machine, 9, &wrapped).unwrap();
        assert_eq!(taken, DONE);
        let message = take(&mut machine);
        assert_eq!(message.message, inner);
        let reply = message.message.answer(&DONE);
        say(&mut machine, &SessionMessage { handle: message.handle, message: reply.clone() })
            .unwrap();
        assert_eq!(heard(&mut machine, &mut console), [reply]);
    }
}

#[test]
fn software_asks_a_console_and_gets_its_answer() {
    let (mut machine, mut console) = listening();
    let session = GetSessionInfo { selector: SessionSelector::Index(1) };
    let handle = machine.ask(&session).unwrap().handle;
    // As Linux does: LUN 2 of the BMC asks LUN 0 of the console.
    let mut request = LanMessage::request(33, &Request::of(&GetDeviceId));
    request = LanMessage { to_address: 0x81, from_address: 0x20, from_lun: 2, ..request };
    say(&mut machine, &SessionMessage { handle, message: request.clone() }).unwrap();
    assert_eq!(heard(&mut machine, &mut console), [request.clone()]);
    let reply = request.answer(&Response { completion: CompletionCode::OK, data: vec![0x77] });
    assert!(console.send(&mut machine, &reply).is_none());
    assert_eq!(take(&mut machine), SessionMessage { handle, message: reply.clone() });
    // An answer to anybody else is nobody's.
    assert!(console.send(&mut machine, &LanMessage { to_lun: 0, ..reply }).is_none());
    assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let (mut machine, mut console) = listening();
    let handle = machine.bmc.sessions().iter().next().unwrap().handle;
    let message = SessionMessage { handle, message: for_software(1, &[]).answer(&DONE) };
    let nobody = SessionMessage { handle: handle.wrapping_add(1), ..message.clone() };
    assert_eq!(say(&mut machine, &nobody), Err(CompletionCode(0x80)));
    let good = SendMessage::in_session(LAN, &message);
    let mut damaged = good.clone();
    *damaged.data.last_mut().unwrap() ^= 1;
    let short = SendMessage { data: good.data[..3].to_vec(), ..good.clone() };
    let bus = Channel::PRIMARY_IPMB;
    for (request, code) in [
        (damaged, 0xcc),
        (short, 0xc7),
        (SendMessage { tracking: 2, ..good.clone() }, 0xcc),
        (SendMessage { tracking: 3, ..good.clone() }, 0xcc),
        (SendMessage { channel: Channel::SYSTEM_INTERFACE, ..good.clone() }, 0xcc),
        (SendMessage { channel: Channel::new(7), ..good.clone() }, 0xcc),
        (SendMessage { channel: bus, ..good.clone() }, 0x83),
    ] {
        assert_eq!(machine.ask(&request), Err(CompletionCode(code)), "{request:?}");
    }
    // Nor do consoles reach each other, or pass answers off as somebody's.
    let to =
        |channel| SendMessage { channel, ..SendMessage::tracked(channel, &for_software(1, &[])) };
    let posing = SendMessage::tracked(Channel::SYSTEM_INTERFACE, &message.message);
    for (privilege, request, code) in [
        (Privilege::Operator, to(LAN), 0xcc),
        (Privilege::Operator, to(Channel::PRESENT), 0xcc),
        (Privilege::Operator, to(bus), 0x83),
        (Privilege::Operator, posing, 0xcc),
        (Privilege::User, to(LAN), 0xd4),
        (Privilege::User, to(bus), 0xd4),
        (Privilege::User, to(Channel::SYSTEM_INTERFACE), 0x00),
    ] {
        console.sequence += 1;
        let level = SetSessionPrivilegeLevel { level: Some(privilege) };
        console.ask(&mut machine, 20, &level).unwrap();
        machine.now += Duration::from_secs(20);
        let answer = console.ask(&mut machine, 21, &request).unwrap();
        assert_eq!(answer.completion.0, code, "{request:?}");
    }
    assert_eq!(machine.ask(&GetMessage).unwrap().privilege, Privilege::User.number());
    assert!(heard(&mut machine, &mut console).is_empty());
}

#[test]
fn a_flood_fills_the_queue_and_no_more() {
    let (mut machine, mut console) = listening();
    for number in 0..40u8 {
        let sequence = number & 0x3f;
        let reply = console.send(&mut machine, &for_software(sequence, &[number]));
        assert_eq!(code(reply), (number >= 16).then_some(0xc0), "{number}");
    }
    for number in 0..16 {
        assert_eq!(take(&mut machine).message.data, [number]);
    }
    assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
    // Nor does software fill more than a little of a session that nobody empties.
    let handle = machine.bmc.sessions().iter().next().unwrap().handle;
    let mut request = LanMessage { from_lun: 2, ..for_software(0, &[]) };
    let mut taken = 0;
    for sequence in 0..40 {
        request.sequence = sequence;
        let message = SessionMessage { handle, message: request.clone() };
        taken += usize::from(say(&mut machine, &message).is_ok());
    }
    assert_eq!((taken, heard(&mut machine, &mut console).len()), (16, 16));
    // A message that no system interface could give.
    let long = for_software(50, &[0; 250]);
    assert_eq!(code(console.send(&mut machine, &long)), Some(0xc8));
}

#[test]
fn what_waits_is_forgotten_when_it_is_cleared_and_when_nobody_can_want_it() {
    let (mut machine, mut console) = listening();
    console.send(&mut machine, &for_software(1, &[]));
    let flags = MessageFlags { receive_queue: true, ..MessageFlags::default() };
    machine
        .ask(&ClearMessageFlags { flags: MessageFlags { event_buffer: true, ..flags } })
        .unwrap();
    assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
    for (sequence, forgets) in [(2, true), (4, false)] {
        open(&mut machine, Some(true));
        console.send(&mut machine, &for_software(sequence, &[]));
        assert!(machine.bmc.attention().waiting);
        if forgets {
            machine.ask(&ChassisControl { action: PowerAction::Reset }).unwrap();
        } else {
            machine.ask(&ColdReset).unwrap();
        }
        assert_eq!(machine.bmc.attention(), Attention::default());
        assert!(!open(&mut machine, None));
    }
}

#[test]
fn a_session_that_ends_hears_no_more() {
    let (mut machine, mut console) = listening();
    console.send(&mut machine, &for_software(1, &[]));
    let SessionMessage { handle, message } = take(&mut machine);
    let reply = SessionMessage { handle, message: message.answer(&DONE) };
    say(&mut machine, &reply).unwrap();
    let session_id = console.session_id;
    console.ask(&mut machine, 2, &CloseSession { session_id, handle: None }).unwrap();
    assert!(heard(&mut machine, &mut console).is_empty());
    assert_eq!(say(&mut machine, &reply), Err(CompletionCode(0x80)));
}

#[test]
fn what_waits_goes_with_the_session_that_sent_it() {
    let (mut machine, mut first) = listening();
    let ends: [fn(&mut Machine, &mut Console); 3] = [
        |machine, console| {
            let ids: Vec<_> = machine.bmc.session_views().map(|view| view.id).collect();
            let close = CloseSession { session_id: ids[0], handle: None };
            console.ask(machine, 60, &close).unwrap();
        },
        // It falls silent.
        |machine, _| machine.wait(Duration::from_secs(61)),
        |machine, _| {
            let ids: Vec<_> = machine.bmc.session_views().map(|view| view.id).collect();
            assert!(ids.into_iter().all(|id| machine.bmc.end_session(id)));
        },
    ];
    for end in ends {
        for sequence in 0..16 {
            assert!(first.send(&mut machine, &for_software(sequence, &[1])).is_none());
        }
        assert_eq!(code(first.send(&mut machine, &for_software(16, &[1]))), Some(0xc0));
        assert_eq!(machine.bmc.waiting_messages(), 16);
        end(&mut machine, &mut first);
        // Nothing is left of it, and nothing calls for attention.
        assert_eq!(machine.bmc.waiting_messages(), 0);
        assert_eq!(machine.bmc.attention(), Attention::default());
        assert_eq!(machine.ask(&GetMessage), Err(CompletionCode(0x80)));
        // The next one gets the same handle, and room.
        first = Console::login(&mut machine, common::peer(), 3);
        assert_eq!(machine.bmc.session_views().map(|view| view.handle).collect::<Vec<_>>(), [1]);
    }
    assert!(first.send(&mut machine, &for_software(1, &[2])).is_none());
    assert_eq!(take(&mut machine).handle, 1);
}
