"""A next-item export behind the local server: clients of both protocols, bad requests, batching."""

import json
import random
import shlex
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from tests.commands.test_request import sent_as_grpcurl_does
from tests.serving.conftest import refused, target_at
from tests.serving.local_process import LocalProcess
from tests.support.untrained_recommender import export_unverified, write_untrained_recommender
from tfelc.commands.request import app
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.next_item.export.requests import history_input
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.inputs import recommendation_inputs, with_no_conditions
from tfelc.serving.client.rest_client import RestClient

NAME = "recommender"


@pytest.fixture(scope="module")
def target(exported_recommender):
    with LocalProcess("--base-path", str(exported_recommender.path.parent), "--name", NAME) as process:
        yield target_at(process.rest, process.grpc)


@pytest.fixture(scope="module")
def batching_target(exported_recommender, tmp_path_factory):
    file = tmp_path_factory.mktemp("batching") / "batching.config"
    file.write_text(
        "max_batch_size { value: 16 } batch_timeout_micros { value: 20000 } num_batch_threads { value: 1 }\n"
        "allowed_batch_sizes: 4 allowed_batch_sizes: 16 enable_large_batch_splitting { value: true }"
    )
    base = str(exported_recommender.path.parent)
    with LocalProcess("--base-path", base, "--name", NAME, "--batching", str(file)) as process:
        yield target_at(process.rest, process.grpc)


@pytest.fixture(scope="module")
def session(exported_recommender):
    with SessionRunner(exported_recommender.path) as runner:
        yield lambda histories, k: runner.run(
            "recommend", history_input(histories, "string") | {"k": np.asarray(k, np.int64)}
        )


@pytest.fixture(params=["REST", "gRPC"])
def client(request, target):
    made = RestClient(target.rest, NAME) if request.param == "REST" else GrpcClient(target.grpc, NAME)
    with made:
        yield made


def words(ids):
    return [[each.decode() if isinstance(each, bytes) else each for each in row] for row in ids.tolist()]


def test_clients_recommend_as_the_session_does(client, session, recommender_run):
    catalog = recommender_run.catalog
    histories = [catalog[:5], [], ("never seen", catalog[7]), np.array(catalog[3:20], object), catalog[:-1]]
    found, expected = client.recommend(histories, 4), session([list(history) for history in histories], 4)
    assert words(found["ids"]) == words(expected["ids"])
    assert words(found["ids"])[-1][1:] == [""] * 3
    np.testing.assert_allclose(found["scores"], expected["scores"], rtol=1e-5)
    assert found["cluster"].tolist() == expected["cluster"].tolist()
    assert words(client.recommend([[]], 3)["ids"]) == words(session([[]], 3)["ids"])
    embedded = client.predict({"history": [catalog[:5]]}, "embed")
    assert embedded["embedding"].shape == (1, 8) and embedded["assignment"].shape == (1, 3)


def test_clients_ask_under_conditions(client, target, recommender_run):
    catalog = recommender_run.catalog
    found = client.recommend([catalog[:3], []], 4, allow=[catalog[1:6], None], deny=["who", catalog[4]], keep_seen=True)
    assert set(words(found["ids"])[0]) == {*catalog[1:4], catalog[5]} and catalog[4] not in words(found["ids"])[1]
    assert found["unknown"].tolist() == [1, 1]
    assert set(words(client.recommend([catalog[:3]], 3, allow=[])["ids"])[0]) == {""}
    row = {"history": catalog[:3], "k": 2, "allow": [], "allow_all": True, "deny": [], "keep_seen": False}
    row["diversity"] = 0.0
    asked = {"signature_name": "recommend_with", "instances": [row, {**row, "allow_all": False}]}
    answers = target.post(f"{NAME}:predict", asked).json()["predictions"]
    assert answers[0]["ids"] == words(client.recommend([catalog[:3]], 2)["ids"])[0] and answers[1]["ids"] == ["", ""]
    with pytest.raises(CallError, match="`allow` must hold no item in a row where `allow_all` is true"):
        one = {"history": [[catalog[0]]], "k": 2, "allow": [["who"]], "allow_all": True}
        client.predict({**one, "deny": [[]], "keep_seen": False, "diversity": 0.5}, "recommend_with")
    # What is left out asks for nothing; a list of what is allowed restricts.
    two = {"history": [catalog[:3], catalog[3:6]], "k": 2}
    assert words(client.predict(two, "recommend_with")["ids"]) == words(client.predict(two, "recommend")["ids"])
    found = client.predict({**two, "allow": [catalog[7:8]] * 2}, "recommend_with")
    assert words(found["ids"]) == [[catalog[7], ""]] * 2
    with pytest.raises(ValueError, match="`deny` holds 1 lists for 2 histories"):
        client.recommend([[], []], 2, deny=[["a"]])


def test_the_row_form_takes_a_k_a_row_and_the_columns_one_for_all(target, session, recommender_run):
    one, other = recommender_run.catalog[:3], recommender_run.catalog[4:7]
    rows = target.post(f"{NAME}:predict", {"instances": [{"history": one, "k": 2}, {"history": other, "k": 5}]}).json()[
        "predictions"
    ]
    expected = words(session([one, other], 5)["ids"])
    assert [row["ids"] for row in rows] == [expected[0][:2] + [""] * 3, expected[1]]
    columns = target.post(
        f"{NAME}:predict", {"signature_name": "recommend", "inputs": {"history": [one, other], "k": 5}}
    )
    assert columns.json()["outputs"]["ids"] == expected
    # Minus infinity is a bare word, as in TensorFlow Serving.
    assert '"scores": [' in columns.text and "-Infinity" in json.dumps(rows)


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"inputs": {"history": [["a"]], "k": 0}}, 400, "`k` must be at least 1"),
        ({"inputs": {"history": [["a"]], "k": [1, 2]}}, 400, "`k` must be one number, or one for each history"),
        ({"inputs": {"history": [["a"]], "k": 2.5}}, 400, "k: JSON Value: 2.5 is not of expected type: int64"),
        ({"inputs": {"history": [[1]], "k": 2}}, 400, "history: JSON Value: 1 is not of expected type: string"),
        ({"inputs": {"history": None, "k": 2}}, 400, "history"),
        ({"inputs": {"history": [[None]], "k": 2}}, 400, "history"),
        ({"inputs": {"history": [["a"], ["a", "b"]], "k": 2}}, 400, "unexpected size"),
        ({"inputs": {"history": [["a"]]}}, 400, "Missing named input: k"),
        ({"inputs": {"history": ["a"], "k": 2}}, 400, ""),
        ({"signature_name": "rank", "inputs": {"history": [["a"]], "k": 2}}, 400, '"rank" not found'),
    ],
)
def test_bad_requests_are_refused_and_the_next_is_answered(target, body, code, said):
    refused(target.post(f"{NAME}:predict", body), code, said)
    assert target.post(f"{NAME}:predict", {"inputs": {"history": [["a"]], "k": 2}}).status_code == 200


def test_bad_calls_of_the_clients(client):
    for k in (0, -3):
        with pytest.raises(CallError, match="INVALID_ARGUMENT: .*`k` must be at least 1"):
            client.recommend([["a"]], k)
    with pytest.raises(TypeError, match="`history` takes strings. Received: 5"):
        client.recommend([[5]], 3)
    for histories in ([["a", 5]], [[1.5]], [[None]], [[True]]):
        with pytest.raises(TypeError, match="histories hold ids of one kind"):
            client.recommend(histories, 3)
    with pytest.raises(TypeError):
        client.recommend([["a"]], 2.5)


def test_inputs_of_a_client():
    found = recommendation_inputs([[7], [], np.array([1, 2, 3])], 4, lambda: str)
    assert found["history"].tolist() == [[7, -1, -1], [-1, -1, -1], [1, 2, 3]]
    assert found["history"].dtype == np.int64 and found["k"].shape == ()
    assert recommendation_inputs([["a", b"\xff"], ["b"]], 4, lambda: int)["history"].tolist() == [
        ["a", b"\xff"],
        ["b", ""],
    ]
    for kind, dtype in ((int, np.int64), (str, object)):
        found = recommendation_inputs([[], []], 4, lambda kind=kind: kind)["history"]
        assert found.shape == (2, 0) and found.dtype == dtype


def test_conditions_that_are_left_out_ask_for_nothing():
    lists, scalars = (
        ("allow", "deny", "where_color"),
        ("allow_all", "keep_seen", "diversity", "only_sold", "at_most_color"),
    )
    wanted = dict.fromkeys(("history", "k", *lists, *scalars))
    found = with_no_conditions({"history": [["a"], []], "k": 3}, wanted)
    assert found == {
        **{"history": [["a"], []], "k": 3},
        **dict.fromkeys(lists, [[], []]),
        **{"allow_all": [True, True], "keep_seen": [False, False], "only_sold": [False, False]},
        **{"diversity": [0.0, 0.0], "at_most_color": [0, 0]},
    }
    given = {"history": [["a"]], "allow": [["b"]], "only_sold": [True]}
    assert with_no_conditions(given, wanted) == {
        **with_no_conditions({"history": [["a"]]}, wanted),
        **given,
        "allow_all": [False],
    }
    # Of inputs without histories it is said what is missing.
    assert with_no_conditions({"k": 3}, wanted) == {"k": 3}


def test_new_users_of_a_catalog_of_whole_numbers(tmp_path):
    run = write_untrained_recommender(tmp_path, named=lambda number: 5 * number)
    export_unverified(run, tmp_path / "base")
    with LocalProcess("--base-path", str(tmp_path / "base"), "--name", NAME) as process:
        for made in (RestClient(process.rest, NAME), GrpcClient(process.grpc, NAME)):
            with made as client:
                popular = client.recommend([[]], 3)["ids"]
                assert popular.dtype == np.int64 and (popular % 5 == 0).all() and (popular > 0).all()
                assert client.recommend([[5], []], 3)["ids"].tolist()[1] == popular.tolist()[0]


@pytest.mark.parametrize("protocol", ["REST", "gRPC"])
def test_a_server_that_batches_gives_each_request_its_own_k(batching_target, session, recommender_run, protocol):
    catalog = recommender_run.catalog
    draws = random.Random(3)
    # Of few lengths, since only histories of one width share a batch; most requests have one row, whose k is then
    # joined with other requests' into one vector.
    asked = []
    for _ in range(60):
        width, rows = draws.choice((2, 4)), draws.choice((1, 1, 1, 3))
        histories = [draws.sample(catalog, width) for _ in range(rows)]
        asked.append((histories, [draws.randint(1, 12)] * rows))
    expected = [session(histories, k) for histories, k in asked]
    made = RestClient(batching_target.rest, NAME) if protocol == "REST" else GrpcClient(batching_target.grpc, NAME)

    def ask(histories, k):
        return made.predict({"history": histories, "k": np.array(k, np.int64)}, "recommend", timeout=30)

    with made, ThreadPoolExecutor(12) as pool:
        found = list(pool.map(ask, *zip(*asked, strict=True)))
    wider = 0
    for (_, k), answer, wanted in zip(asked, found, expected, strict=True):
        assert words(answer["ids"][:, : k[0]]) == words(wanted["ids"])
        np.testing.assert_allclose(answer["scores"][:, : k[0]], wanted["scores"], rtol=1e-4, atol=1e-5)
        # What a larger k of another request adds is padding.
        assert set(answer["ids"][:, k[0] :].ravel().tolist()) <= {"", b""}
        wider += answer["ids"].shape[1] > k[0]
    assert wider > 10  # or nothing was joined, and nothing shown


def test_a_server_that_batches_refuses_a_k_given_once(batching_target):
    for k, said in ((3, "must have at least one dimension"), ([3], "must have equal 0th-dimension size")):
        body = {"inputs": {"history": [["a"], ["b"]], "k": k}}
        refused(batching_target.post(f"{NAME}:predict", body), 400, said)


def test_parts_of_a_large_request_that_come_back_at_different_widths_are_refused(batching_target):
    body = {"inputs": {"history": [["a"]] * 20, "k": [2] * 16 + [5] * 4}}
    refused(batching_target.post(f"{NAME}:predict", body), 400, "send at most 16 rows")
    body["inputs"]["k"] = [4] * 20
    answer = batching_target.post(f"{NAME}:predict", body)
    assert [len(row) for row in answer.json()["outputs"]["ids"]] == [4] * 20


def test_the_printed_requests_are_answered_alike_by_both_protocols(
    target, recommender_run, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("TFELC_HOME", str(tmp_path))
    options = ["--run", str(recommender_run.path), "--n", "2", "--rest", target.rest, "--grpc", target.grpc]
    app(options, standalone_mode=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith("#")]
    printed = [shlex.split(line) for line in lines]
    assert [command[0] for command in printed] == ["curl", "grpcurl"] * 3
    for (curl, grpcurl), name in zip(
        (printed[:2], printed[2:4], printed[4:]), ("scores", "embedding", "scores"), strict=True
    ):
        answer = httpx.post(curl[3], content=curl[2].encode())
        assert answer.status_code == 200, answer.text
        by_rest = [row[name] for row in answer.json()["predictions"]]
        by_grpc = sent_as_grpcurl_does(target, grpcurl)[name]["floatVal"]
        np.testing.assert_allclose(np.ravel(by_rest), by_grpc, rtol=1e-5)


def test_the_page_knows_what_an_empty_field_means(target):
    [model] = target.http.get(f"{target.rest}/page/state").json()["models"]
    form = target.http.get(f"{target.rest}/page/form/{model['name']}").json()
    assert [signature["name"] for signature in form["signatures"]] == ["serving_default", "recommend"]
    for signature in form["signatures"]:
        fields = {field["name"]: (field["type"], field["depth"], field["missing"]) for field in signature["fields"]}
        assert fields == {"history": ("string", 2, ""), "k": ("int64", 1, 10)}
        assert signature["examples"] and signature["examples"][0].keys() == {"history", "k"}
