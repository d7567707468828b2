//! Messages between software on the host, the controller and other channels. IPMI v2.0 §22.1 to
//! §22.8. No channel passes messages on: those that would have to are refused as on a bus with
//! nobody there.

use ipmi_wire::cmd::app::{
    ClearMessageFlags, EnableMessageChannelReceive, EventMessage, GetBmcGlobalEnables, GetMessage,
    GetMessageFlags, GlobalEnables, MessageChannelReceive, MessageFlags, ReadEventMessageBuffer,
    ReceivedMessage, SendMessage, SentMessage, SetBmcGlobalEnables,
};
use ipmi_wire::{Channel, CompletionCode};

use crate::bmc::Bmc;
use crate::context::Context;
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

/// No channel's messages get into the queue, and none can be made to.
fn enable_message_channel_receive(
    _: &mut Bmc,
    _: &Context,
    request: EnableMessageChannelReceive,
) -> Outcome<MessageChannelReceive> {
    if request.channel != Bmc::LAN_CHANNEL || request.enable == Some(true) {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    Ok(MessageChannelReceive { channel: request.channel, enabled: false })
}

fn get_message(_: &mut Bmc, _: &Context, _: GetMessage) -> Outcome<ReceivedMessage> {
    Err(GetMessage::EMPTY)
}

fn send_message(_: &mut Bmc, _: &Context, request: SendMessage) -> Outcome<SentMessage> {
    Err(match request.channel {
        Channel::PRIMARY_IPMB => SendMessage::NAK_ON_WRITE,
        Bmc::LAN_CHANNEL => SendMessage::INVALID_SESSION,
        _ => CompletionCode::INVALID_DATA_FIELD,
    })
}

fn read_event_message_buffer(
    bmc: &mut Bmc,
    _: &Context,
    _: ReadEventMessageBuffer,
) -> Outcome<EventMessage> {
    bmc.messages.take_event()
}
