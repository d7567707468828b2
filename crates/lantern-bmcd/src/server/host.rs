//! Software on the host, which asks over the system interface: what is acknowledged is durable there, too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use ipmi_bmc::nvram::Unkept;
use ipmi_bmc::{Answer, Origin};
use ipmi_wire::{CompletionCode, Request, Response};

use super::Shared;
use crate::system_interface::Host;

#[cfg(test)]
mod tests;

impl Host for Shared {
    fn ask(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Response> + Send>> {
        Box::pin(ask(self, request))
    }
}

async fn ask(shared: Arc<Shared>, request: Request) -> Response {
    let (held, kept) = {
        let mut bmc = shared.bmc();
        let answer = bmc.receive_request(Instant::now(), Origin::SystemInterface, &request);
        match answer {
            Answer::Now(response) => {
                shared.submit(&mut bmc, None);
                drop(bmc);
                shared.changed.notify_one();
                return response;
            }
            Answer::Held(held) => (held, shared.submit_and_tell(&mut bmc)),
        }
    };
    shared.changed.notify_one();
    // A task of its own: who asked may give up, and what was held back has to be settled all the same.
    let settled = tokio::spawn(async move {
        let outcome = match kept {
            Some(kept) => kept.await.unwrap_or(Err(Unkept::Failed)),
            // A BMC that forgets.
            None => Ok(()),
        };
        let response = {
            let mut bmc = shared.bmc();
            let response = bmc.release_answer(held, outcome);
            shared.submit(&mut bmc, None);
            response
        };
        shared.changed.notify_one();
        response
    });
    // The BMC stops.
    settled.await.unwrap_or_else(|_| Response::code(CompletionCode::UNSPECIFIED))
}
