//! What a call is to the kernel: whom its message is addressed to, and how often the kernel repeats
//! it; and what the answer means.
//!
//! The kernel speaks to a controller on a bus of the BMC by itself: it puts the message into Send
//! Message, numbers it, and repeats it. Behind a second bus it is this end that puts the request
//! into a Send Message, and the controller in between that answers with the answer in it, as in
//! ipmitool's `open.c`.

use std::time::Duration;

use ipmi_io::{IpmiAddress, Retries};
use ipmi_session::console::{Call, Failure};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::SendMessage;
use ipmi_wire::lan::{BMC_ADDRESS, LanMessage};
use ipmi_wire::{CompletionCode, Effect, Request, Response};

use super::silence;
use crate::error::ErrorKind;

/// A message for the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) address: IpmiAddress,
    pub(super) request: Request,
    pub(super) retries: Option<Retries>,
}

/// As long as a controller on a bus is waited for at most, which answers in tenths of a second if it is
/// there.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is asked in that time.
const TRIES: u32 = 5;

/// The message of a call whose answer is waited for so long.
pub(super) fn message(call: &Call, wait: Duration) -> Message {
    let request = call.request.clone();
    let Some(route) = call.route else {
        let address = IpmiAddress::SystemInterface { lun: request.lun };
        return Message { address, request, retries: None };
    };
    let count = if call.effect == Effect::Once { 0 } else { TRIES.saturating_sub(1) };
    let each = wait.checked_div(count.saturating_add(1)).unwrap_or(wait);
    let interval_ms = u32::try_from(each.as_millis()).unwrap_or(u32::MAX).max(1);
    let retries = Some(Retries { count, interval_ms });
    let Route { target, transit, local_address } = route;
    match transit {
        None => Message { address: on_bus(target, request.lun), request, retries },
        Some(transit) => {
            let message = LanMessage {
                to_address: target.address,
                // The controller in between puts its own there.
                from_address: local_address.unwrap_or(BMC_ADDRESS),
                ..LanMessage::request(0, &request)
            };
            let request = Request::of(&SendMessage::tracked(target.channel, &message));
            Message { address: on_bus(transit, request.lun), request, retries }
        }
    }
}

fn on_bus(hop: Hop, lun: u8) -> IpmiAddress {
    IpmiAddress::Ipmb { channel: hop.channel.number(), slave_address: hop.address, lun }
}

/// What the kernel's answer to a call means that took so long, of the time that it had.
pub(super) fn understand(
    call: &Call,
    answer: Response,
    took: Duration,
    patience: Duration,
) -> Result<Response, ErrorKind> {
    let Some(route) = call.route else { return Ok(answer) };
    // After its last try the kernel says that time is up. A controller that says so itself is
    // quicker.
    let is_late = took.saturating_mul(2) > patience;
    if answer.completion == CompletionCode::TIMEOUT && is_late {
        return Err(ErrorKind::Call(silence(call, took)));
    }
    let Some(transit) = route.transit else { return Ok(answer) };
    if !answer.completion.is_ok() {
        let (by, completion) = (transit.address, answer.completion);
        return Err(ErrorKind::Call(Failure::NotPassedOn { route, by, completion }));
    }
    let inner = LanMessage::decode_unverified(&answer.data).ok();
    let inner = inner.filter(|inner| {
        (inner.netfn, inner.cmd) == (call.request.netfn.number() | 1, call.request.cmd)
    });
    inner.and_then(|inner| inner.to_response()).ok_or_else(|| ErrorKind::Call(silence(call, took)))
}
