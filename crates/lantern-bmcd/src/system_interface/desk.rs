//! The BMC, as a back end has it: requests in, answers out, and lines to look at.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ipmi_bmc::Attention;
use ipmi_wire::{CompletionCode, Request, Response};
use tokio::sync::watch;

/// An answer on its way.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Who answers software on the host.
pub(crate) trait Host: Send + Sync {
    /// The answer to a request, once what it acknowledges is durable. What has begun goes on if nobody
    /// waits for it any more.
    fn ask(self: Arc<Self>, request: Request) -> Answer;
}

/// The BMC, as a back end has it.
#[derive(Clone)]
pub(crate) struct Desk {
    host: Arc<dyn Host>,
    attention: watch::Receiver<Attention>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// How long an answer may wait for the disk. QEMU gives up on one after four seconds, and so may other
/// interfaces: a host that polls must not stand still.
const PATIENCE: Duration = Duration::from_millis(3500);

impl Desk {
    pub(crate) fn new(host: Arc<dyn Host>, attention: watch::Receiver<Attention>) -> Self {
        Self { host, attention }
    }

    /// The answer to a request. C3h if that takes too long: what was asked for may be done, and nobody
    /// knows yet whether it will last. The lines are as the answer says when it is here.
    pub(crate) fn ask(&self, request: Request) -> Answer {
        let answer = Arc::clone(&self.host).ask(request);
        Box::pin(async {
            let outcome = tokio::time::timeout(PATIENCE, answer).await;
            outcome.unwrap_or_else(|_| Response::code(CompletionCode::TIMEOUT))
        })
    }

    /// The lines as they are.
    pub(crate) fn attention(&mut self) -> Attention {
        *self.attention.borrow_and_update()
    }

    /// Waits until the lines are not as they were when they were last looked at.
    pub(crate) async fn attention_changed(&mut self) {
        if self.attention.changed().await.is_err() {
            // The BMC is on its way out, and so is whoever waits.
            std::future::pending::<()>().await;
        }
    }
}
