//! One connection: requests in, answers and events out, in turns.

use std::time::Duration;

use ipmi_bmc::nvram::Unkept;
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;

use super::follow::Follower;
use super::lines::{Line, Lines};
use super::operations::{carry_out, list_bmcs};
use super::protocol::{Code, MAX_LINE, Operation, Refusal, Request, Response};
use super::reply::Following;
use super::router::{Outcome, Router};

/// Answers until the other end has enough, or does not read.
pub(super) async fn serve(stream: UnixStream, router: &Router, patience: Duration) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = Lines::new(BufReader::new(reader), MAX_LINE);
    let mut followed: Option<Follower> = None;
    loop {
        let (text, is_last) = tokio::select! {
            line = lines.next() => match line {
                Ok(Some(line)) => (answer(router, line, &mut followed).await.to_line(), false),
                Ok(None) | Err(_) => return,
            },
            event = next(&mut followed) => match event {
                Some(event) => (event, false),
                None => {
                    let says = "so much has happened that some of it would be missing";
                    let refusal = Refusal::new(Code::Busy, says);
                    (Response::new(Value::Null, Err(refusal)).to_line(), true)
                }
            },
        };
        if !send(&mut writer, &text, patience).await || is_last {
            return;
        }
    }
}

/// Tells somebody who cannot stay why, if that can be done at once.
pub(super) fn refuse(stream: &UnixStream, refusal: Refusal) {
    let line = Response::new(Value::Null, Err(refusal)).to_line();
    let _ = stream.try_write(line.as_bytes());
}

/// Whether it was read.
async fn send(writer: &mut OwnedWriteHalf, text: &str, patience: Duration) -> bool {
    match tokio::time::timeout(patience, writer.write_all(text.as_bytes())).await {
        Ok(written) => written.is_ok(),
        Err(_) => {
            tracing::debug!("somebody at the control socket does not read, and is dropped");
            false
        }
    }
}

async fn next(followed: &mut Option<Follower>) -> Option<String> {
    match followed {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}

async fn answer(router: &Router, line: Line, followed: &mut Option<Follower>) -> Response {
    let line = match line {
        Line::Whole(line) => line,
        Line::TooLong => {
            let says = format!("a line has at most {MAX_LINE} bytes");
            return Response::new(Value::Null, Err(Refusal::new(Code::TooLong, says)));
        }
    };
    match Request::parse(&line) {
        Ok(request) => {
            let Request { id, bmc, operation } = request;
            Response::new(id, perform(router, bmc, &operation, followed).await)
        }
        Err((id, refusal)) => Response::new(id, Err(refusal)),
    }
}

async fn perform(
    router: &Router,
    bmc: Option<String>,
    operation: &Operation,
    followed: &mut Option<Follower>,
) -> Outcome {
    match operation {
        Operation::BmcList(_) => return list_bmcs(router),
        Operation::Follow(_) => return follow(router, bmc, followed),
        _ => {}
    }
    let target = router.find(bmc.as_deref())?;
    let (outcome, kept) =
        target.managed.act(&mut |now, bmc| carry_out(operation, target, now, bmc));
    let outcome = outcome?;
    if !operation.only_looks() {
        tracing::info!(bmc = target.name, operation = operation.name(), "control");
        router.hub.tell_control(&target.name, operation.name());
    }
    // A committer that is gone keeps nothing.
    let kept = match kept {
        Some(kept) => kept.await.unwrap_or(Err(Unkept::Failed)),
        None => Ok(()),
    };
    kept.map(|()| outcome).map_err(|unkept| {
        let says = format!("it is done, but will not survive a restart: {unkept}");
        Refusal::new(Code::NotKept, says)
    })
}

fn follow(router: &Router, bmc: Option<String>, followed: &mut Option<Follower>) -> Outcome {
    let mut bmcs = Vec::new();
    // First, so that no BMC finds that nobody listens.
    let follower = router.hub.follow(bmc.clone());
    let wanted = match &bmc {
        Some(name) => vec![router.find(Some(name))?],
        None => router.iter().collect(),
    };
    for target in wanted {
        let (watched, _) = target.managed.act(&mut |_, bmc| {
            bmc.watch(true);
            Ok(Value::Null)
        });
        watched?;
        bmcs.push(target.name.clone());
    }
    *followed = Some(follower);
    super::operations::value(&Following { bmcs })
}
