//! Messages between software on the host, the controller and other channels. IPMI v2.0 §22.1 to
//! §22.8. Consoles and software reach each other. There is no IPMB: what should go out on it is
//! refused as on a bus with nobody there.

use ipmi_wire::cmd::app::{
    ClearMessageFlags, EnableMessageChannelReceive, EventMessage, GetBmcGlobalEnables, GetMessage,
    GetMessageFlags, GlobalEnables, MessageChannelReceive, MessageFlags, ReadEventMessageBuffer,
    ReceivedMessage, SendMessage, SentMessage, SetBmcGlobalEnables,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::software::SessionMessage;
use ipmi_wire::{Channel, CompletionCode, Decode, Privilege};

use crate::bmc::Bmc;
use crate::context::{Context, Origin};
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(set_bmc_global_enables)
        .on(get_bmc_global_enables)
        .on(clear_message_flags)
        .on(get_message_flags)
        .on(enable_message_channel_receive)
        .on(get_message)
        .on(send_message)
        .on(read_event_message_buffer);
}

fn set_bmc_global_enables(bmc: &mut Bmc, _: &Context, request: SetBmcGlobalEnables) -> Outcome<()> {
    bmc.messages.enable(request.enables)
}

fn get_bmc_global_enables(
    bmc: &mut Bmc,
    _: &Context,
    _: GetBmcGlobalEnables,
) -> Outcome<GlobalEnables> {
    Ok(bmc.messages.enables())
}

fn clear_message_flags(bmc: &mut Bmc, _: &Context, request: ClearMessageFlags) -> Outcome<()> {
    bmc.messages.clear(request.flags);
    Ok(())
}

fn get_message_flags(bmc: &mut Bmc, _: &Context, _: GetMessageFlags) -> Outcome<MessageFlags> {
    Ok(bmc.messages.flags())
}

/// §22.5: only the system interface's own channel is on as delivered.
fn enable_message_channel_receive(
    bmc: &mut Bmc,
    context: &Context,
    request: EnableMessageChannelReceive,
) -> Outcome<MessageChannelReceive> {
    let channel = request.channel.resolve(context.origin.channel());
    let enabled = match (channel, request.enable) {
        (Bmc::LAN_CHANNEL, None) => bmc.messages.queue.is_open(),
        (Bmc::LAN_CHANNEL, Some(enable)) => {
            bmc.messages.queue.open(enable);
            enable
        }
        (Channel::SYSTEM_INTERFACE, None | Some(true)) => true,
        _ => return Err(CompletionCode::INVALID_DATA_FIELD),
    };
    Ok(MessageChannelReceive { channel, enabled })
}

fn get_message(bmc: &mut Bmc, _: &Context, _: GetMessage) -> Outcome<ReceivedMessage> {
    bmc.messages.queue.take()
}

/// Consoles reach software, and software reaches consoles; neither reaches others of its kind.
fn send_message(bmc: &mut Bmc, context: &Context, request: SendMessage) -> Outcome<SentMessage> {
    if !matches!(request.tracking, SendMessage::UNTRACKED | SendMessage::TRACKED) {
        // Nothing is sent raw, and 3 is reserved.
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    match (context.origin, request.channel.resolve(context.origin.channel())) {
        // Answers find their way by handle and number, tracked or not.
        (Origin::Session { session_id, .. }, Channel::SYSTEM_INTERFACE) => {
            let message = LanMessage::decode_exact(&request.data)?;
            if message.is_response() {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            bmc.pass_on(session_id, &message)?;
        }
        // Appendix G: to other channels than the system interface.
        (Origin::Session { privilege, .. }, _) if privilege < Privilege::Operator => {
            return Err(CompletionCode::INSUFFICIENT_PRIVILEGE);
        }
        (_, Channel::PRIMARY_IPMB) => return Err(SendMessage::NAK_ON_WRITE),
        (Origin::SystemInterface, Bmc::LAN_CHANNEL) => {
            bmc.send_in_session(SessionMessage::decode_exact(&request.data)?)?;
        }
        _ => return Err(CompletionCode::INVALID_DATA_FIELD),
    }
    Ok(SentMessage::default())
}

fn read_event_message_buffer(
    bmc: &mut Bmc,
    _: &Context,
    _: ReadEventMessageBuffer,
) -> Outcome<EventMessage> {
    bmc.messages.take_event()
}
