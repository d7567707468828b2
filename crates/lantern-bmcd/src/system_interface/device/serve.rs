//! The work on one node: requests to the BMC, answers back, and the attention bit.
//!
//! There is one request at a time. The host may give up on it and ask anew; then its answer is nobody's,
//! which the driver says when it is written, or the next request when it is there first. Either way it
//! is dropped: the host would take it for another's.

use std::io;

use ipmi_io::{HostDevice, HostInterface};
use ipmi_wire::Response;

use super::framing::{self, Token};
use super::node::Node;
use crate::system_interface::Desk;
use crate::system_interface::desk::Answer;

/// How far the latest request has got.
enum Work {
    /// There is none.
    Idle,
    /// The BMC works on it.
    Asked(Token, Answer),
    /// The host has not taken its answer yet.
    Answered(Vec<u8>),
}

/// Answers the host behind `node`, until that ends; why it has.
pub(super) async fn serve(
    node: &impl Node,
    interface: HostInterface,
    source: &str,
    desk: &mut Desk,
) -> io::Error {
    let mut lamp = Lamp { interface, source, is_on: None, is_broken: false };
    lamp.show(node, desk.attention().waiting);
    let mut buffer = [0; HostDevice::LONGEST];
    let mut work = Work::Idle;
    loop {
        tokio::select! {
            // What the host asks now is worth more than the answer to what it asked before.
            biased;
            read = node.read(&mut buffer) => {
                let length = match read {
                    Ok(length) => length,
                    Err(error) => return error,
                };
                if !matches!(work, Work::Idle) {
                    tracing::debug!(source, "the host has given up on a request, and asks anew");
                }
                let bytes = buffer.get(..length).unwrap_or_default();
                work = match framing::read(interface, bytes) {
                    Ok((token, request)) => Work::Asked(token, desk.ask(request)),
                    Err(error) => {
                        tracing::debug!(source, %error, "the host has said what is no request");
                        // On BT it is not answered, and the host's patience ends.
                        if interface == HostInterface::Kcs && let Err(error) = node.abort() {
                            tracing::debug!(source, %error, "abort");
                        }
                        Work::Idle
                    }
                };
            }
            done = proceed(node, interface, &mut work) => match done {
                // The bit is as the answer says when that is there.
                Ok(()) => lamp.show(node, desk.attention().waiting),
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    tracing::debug!(source, "the host has given up on a request");
                    work = Work::Idle;
                }
                Err(error) => return error,
            },
            () = desk.attention_changed() => lamp.show(node, desk.attention().waiting),
        }
    }
}

/// Brings the work one step on. Nothing is lost if that is given up.
async fn proceed(node: &impl Node, interface: HostInterface, work: &mut Work) -> io::Result<()> {
    match work {
        Work::Idle => std::future::pending().await,
        Work::Asked(token, answer) => {
            let response: Response = answer.await;
            *work = Work::Answered(framing::answer(interface, *token, response));
        }
        Work::Answered(message) => {
            node.write(message).await?;
            *work = Work::Idle;
        }
    }
    Ok(())
}

/// The attention bit as it was shown last.
struct Lamp<'a> {
    interface: HostInterface,
    source: &'a str,
    /// `None` as long as nobody knows: somebody else had the node before.
    is_on: Option<bool>,
    /// That was told.
    is_broken: bool,
}

impl Lamp<'_> {
    fn show(&mut self, node: &impl Node, waiting: bool) {
        if self.is_on == Some(waiting) {
            return;
        }
        self.is_on = Some(waiting);
        // On BT the host takes the bit down itself (IPMI v2.0 §11.6.1), and the driver cannot.
        if !waiting && self.interface == HostInterface::Bt {
            return;
        }
        if let Err(error) = node.show_attention(waiting)
            && !std::mem::replace(&mut self.is_broken, true)
        {
            tracing::warn!(
                source = self.source, %error,
                "the host cannot be told that something waits for it: it will come to know when it looks"
            );
        }
    }
}
