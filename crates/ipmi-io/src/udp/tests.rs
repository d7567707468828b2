//! On loopback, with real sockets.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_batch_reaches_all_its_peers_and_tells_where_it_was_sent() {
    let server = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
    let port = server.local_addr().unwrap().port();
    let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let batch: Vec<_> = (1..=80u8)
        .map(|n| (SocketAddr::from(([127, 0, 0, n], port)), vec![n; usize::from(n)]))
        .collect();
    assert!(client.send_batch(&batch).await.is_empty());

    let mut buffer = ReceiveBuffer::new();
    let mut seen = Vec::new();
    while seen.len() < 80 {
        server.receive(&mut buffer).await.unwrap();
        for datagram in buffer.iter() {
            assert_eq!(datagram.bytes.len(), usize::from(datagram.bytes[0]));
            assert_eq!(datagram.local_ip, Some([127, 0, 0, datagram.bytes[0]].into()));
            seen.push((datagram.peer, datagram.bytes[0]));
        }
    }
    // The answer comes from the address that was asked.
    let (peer, n) = seen[7];
    server.send_from(Some([127, 0, 0, n].into()), peer, b"pong").await.unwrap();
    client.receive(&mut buffer).await.unwrap();
    let answer = buffer.iter().next().unwrap();
    assert_eq!(answer.peer, SocketAddr::from(([127, 0, 0, n], port)));
    assert_eq!(answer.bytes, b"pong");
}

#[tokio::test]
async fn a_run_that_the_kernel_joined_is_received_whole() {
    const COUNT: usize = 30;
    const LENGTH: usize = 100;
    let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    if client.state.max_gso_segments() < COUNT || server.state.gro_segments() < COUNT {
        return; // this kernel neither splits nor joins
    }
    let contents: Vec<u8> =
        (0..COUNT * LENGTH).map(|at| u8::try_from(at / LENGTH).unwrap()).collect();
    let transmit = Transmit {
        destination: server.local_addr().unwrap(),
        ecn: None,
        contents: &contents,
        segment_size: Some(LENGTH),
        src_ip: None,
    };
    let send = || client.state.try_send((&client.io).into(), &transmit);
    client.io.async_io(Interest::WRITABLE, send).await.unwrap();

    let mut buffer = ReceiveBuffer::new();
    let mut seen = Vec::new();
    while seen.len() < COUNT {
        let received = server.receive(&mut buffer);
        let Ok(received) = tokio::time::timeout(Duration::from_secs(1), received).await else {
            break;
        };
        received.unwrap();
        seen.extend(buffer.iter().map(|datagram| datagram.bytes.to_vec()));
    }
    let sent: Vec<_> = contents.chunks(LENGTH).map(<[u8]>::to_vec).collect();
    assert_eq!(seen, sent);
}

#[tokio::test]
async fn what_cannot_be_sent_is_named_and_the_rest_goes_out() {
    let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
    let to = server.local_addr().unwrap();
    // Broadcast is not allowed, port 0 is none.
    let batch = [to, ([255; 4], 623).into(), to, ([127, 0, 0, 1], 0).into()]
        .map(|to| (to, b"ping".to_vec()));
    let failures = client.send_batch(&batch).await;
    assert_eq!(failures.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 3], "{failures:?}");

    let mut buffer = ReceiveBuffer::new();
    let mut received = 0;
    while received < 2 {
        server.receive(&mut buffer).await.unwrap();
        received += buffer.iter().count();
    }
}

/// The address of a port where nobody listens. The socket keeps others from it: connected to itself,
/// it takes nothing from anybody, and the system answers for it.
fn closed(address: &str) -> (SocketAddr, std::net::UdpSocket) {
    let socket = std::net::UdpSocket::bind(address).unwrap();
    let at = socket.local_addr().unwrap();
    socket.connect(at).unwrap();
    (at, socket)
}

/// What is received until `enough`.
#[derive(Default)]
struct Received {
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
    undelivered: Vec<Undelivered>,
}

async fn receive_until(socket: &UdpSocket, enough: impl Fn(&Received) -> bool) -> Received {
    let (mut buffer, mut all) = (ReceiveBuffer::new(), Received::default());
    let receiving = async {
        while !enough(&all) {
            socket.receive(&mut buffer).await.unwrap();
            all.datagrams.extend(buffer.iter().map(|d| (d.peer, d.bytes.to_vec())));
            all.undelivered.extend(buffer.undelivered());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), receiving).await.expect("all of it comes");
    all
}

/// Gives back whatever comes.
async fn echo(server: UdpSocket) {
    let mut buffer = ReceiveBuffer::new();
    loop {
        server.receive(&mut buffer).await.unwrap();
        for datagram in buffer.iter() {
            server.send_from(datagram.local_ip, datagram.peer, datagram.bytes).await.unwrap();
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_closed_port_is_reported_with_its_address_in_both_versions_of_ip() {
    use crate::Reason;

    for address in ["127.0.0.1:0", "[::1]:0"] {
        let (peer, _keep) = closed(address);
        let wildcard = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let client = UdpSocket::bind_reporting(wildcard.parse().unwrap()).unwrap();
        assert!(client.send_batch(&[(peer, b"ping".to_vec())]).await.is_empty());
        let received = receive_until(&client, |all| !all.undelivered.is_empty()).await;
        assert_eq!(received.undelivered, [Undelivered { peer, reason: Reason::Port }]);
        assert!(received.datagrams.is_empty());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn of_a_batch_each_open_port_answers_and_each_closed_one_is_named() {
    let client = UdpSocket::bind_reporting("0.0.0.0:0".parse().unwrap()).unwrap();
    let server = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
    let open = server.local_addr().unwrap().port();
    tokio::spawn(echo(server));
    // More than one `sendmmsg` takes.
    let ports: Vec<_> = (0..25).map(|_| closed("127.0.0.1:0")).collect();
    let mut batch = Vec::new();
    for (n, (closed, _)) in (1u8..).zip(&ports) {
        batch.push((([127, 0, 0, n], open).into(), vec![n]));
        batch.push((*closed, vec![n]));
    }
    // The last of the first batch is closed, so that its report waits for the second.
    let mut failures = client.send_batch(&batch.split_off(49)).await;
    failures.extend(client.send_batch(&batch.split_off(1)).await);
    failures.extend(client.send_batch(&batch).await);
    assert!(failures.is_empty(), "an earlier datagram's error is nobody else's: {failures:?}");
    let both = |all: &Received| all.datagrams.len() >= 25 && all.undelivered.len() >= 25;
    let mut received = receive_until(&client, both).await;
    received.datagrams.sort();
    let expected: Vec<_> =
        (1..=25u8).map(|n| (SocketAddr::from(([127, 0, 0, n], open)), vec![n])).collect();
    assert_eq!(received.datagrams, expected);
    let mut peers: Vec<_> = received.undelivered.iter().map(|u| u.peer).collect();
    peers.sort();
    let mut expected: Vec<_> = ports.iter().map(|(peer, _)| *peer).collect();
    expected.sort();
    assert_eq!(peers, expected);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_error_of_this_machine_is_told_apart_from_the_reports_before_it() {
    let client = UdpSocket::bind_reporting("0.0.0.0:0".parse().unwrap()).unwrap();
    let (peer, _keep) = closed("127.0.0.1:0");
    let ping = || b"ping".to_vec();
    // Broadcast is not allowed, and no datagram is that long.
    let batch = [
        (peer, ping()),
        (([255; 4], 623).into(), ping()),
        (peer, ping()),
        (peer, vec![0; 70_000]),
        (peer, ping()),
    ];
    let failures = client.send_batch(&batch).await;
    let codes: Vec<_> =
        failures.iter().map(|(at, error)| (*at, Errno::from_io_error(error).unwrap())).collect();
    assert_eq!(codes, [(1, Errno::ACCESS), (3, Errno::MSGSIZE)]);
    let received = receive_until(&client, |all| all.undelivered.len() >= 3).await;
    assert!(received.undelivered.iter().all(|u| u.peer == peer), "{:?}", received.undelivered);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_of_reports_holds_up_no_answer() {
    let client = UdpSocket::bind_reporting("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let open = server.local_addr().unwrap();
    tokio::spawn(echo(server));
    let (closed, _keep) = closed("127.0.0.1:0");
    for round in 0..50u8 {
        let mut batch = vec![(closed, vec![0; 8]); 400];
        batch.push((open, vec![round]));
        assert!(client.send_batch(&batch).await.is_empty());
        let received = receive_until(&client, |all| !all.datagrams.is_empty()).await;
        assert_eq!(received.datagrams, [(open, vec![round])]);
        assert!(received.undelivered.iter().all(|u| u.peer == closed));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_queue_that_was_read_wakes_nobody() {
    let client = UdpSocket::bind_reporting("127.0.0.1:0".parse().unwrap()).unwrap();
    let (peer, _keep) = closed("127.0.0.1:0");
    assert!(client.send_batch(&vec![(peer, b"ping".to_vec()); 200]).await.is_empty());
    receive_until(&client, |all| all.undelivered.len() >= 200).await;

    let mut buffer = ReceiveBuffer::new();
    let (mut receiving, mut polls) = (Box::pin(client.receive(&mut buffer)), 0);
    let counted = std::future::poll_fn(|context| {
        polls += 1;
        receiving.as_mut().poll(context)
    });
    let nothing = tokio::time::timeout(Duration::from_millis(50), counted).await;
    assert!(nothing.is_err(), "there is nothing to receive");
    assert!(polls <= 5, "polled {polls} times");
}

#[tokio::test]
async fn a_listener_never_hears_that_an_answer_met_a_closed_port() {
    let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = server.local_addr().unwrap();
    let (gone, _keep) = closed("127.0.0.1:0");
    for _ in 0..100 {
        server.send_from(None, gone, b"pong").await.unwrap();
    }
    let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert!(client.send_batch(&[(at, b"ping".to_vec())]).await.is_empty());
    let received = receive_until(&server, |all| !all.datagrams.is_empty()).await;
    assert_eq!(received.datagrams, [(client.local_addr().unwrap(), b"ping".to_vec())]);
    assert!(received.undelivered.is_empty());
}
