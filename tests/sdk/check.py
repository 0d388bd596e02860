"""Both senders' official SDKs against the fakes of the tests, check by check. Started by `run`."""

import json
import subprocess
import sys

from alibabacloud_ice20201109 import client as ice, models as ice_models
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vod20170321 import client as vod, models as vod_models
from mns.account import Account
from mns.mns_exception import MNSServerException
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from Tea.exceptions import TeaException
from tencentcloud.vod.v20180717 import models, vod_client


class Tencent:
    def __init__(self, fake, events):
        self.fake, self.events = fake, events
        self.client = self.with_key(fake["secret_key"])

    def with_key(self, key):
        host = self.fake["endpoint"].removeprefix("http://")
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host))
        return vod_client.VodClient(credential.Credential(self.fake["secret_id"], key), "", profile)

    def pull(self, client=None):
        request = models.PullEventsRequest()
        request.SubAppId = self.fake["sub_app_id"]
        return (client or self.client).PullEvents(request).EventSet

    def confirm(self, handles):
        request = models.ConfirmEventsRequest()
        request.SubAppId, request.EventHandles = self.fake["sub_app_id"], handles
        self.client.ConfirmEvents(request)

    def check_drained(self):
        seen = []
        while True:
            try:
                events = self.pull()
            except TencentCloudSDKException as empty:
                expect("ResourceNotFound", empty.get_code())
                break
            expect(True, 1 <= len(events) <= 16)
            seen += [event.PullCompleteEvent.TaskId for event in events]
            self.confirm([event.EventHandle for event in events])
        expect([f"task-{n}" for n in range(self.events)], seen)

    def check_refused(self):
        expect("AuthFailure.SignatureFailure", code_of(lambda: self.pull(self.with_key("AnotherKey"))))
        expect("InvalidParameterValue", code_of(lambda: self.confirm(["1"])))
        expect("InvalidParameterValue", code_of(lambda: self.confirm(["1"] * 17)))


class Alibaba:
    def __init__(self, fake, events):
        self.fake, self.events = fake, events
        self.queue = self.with_key(fake["access_key_secret"], fake["queue"])

    def with_key(self, key, name):
        queue = Account(self.fake["endpoint"], self.fake["access_key_id"], key).get_queue(name)
        queue.set_encoding(False)  # its default is to decode base64, whatever the producer wrote
        return queue

    def check_drained(self):
        seen = []
        while True:
            try:
                messages = self.queue.batch_receive_message(16, 1)
            except MNSServerException as empty:
                expect("MessageNotExist", empty.type)
                break
            expect(True, 1 <= len(messages) <= 16)
            seen += [json.loads(message.message_body)["MessageBody"]["JobId"] for message in messages]
            self.queue.batch_delete_message([message.receipt_handle for message in messages])
        expect([f"job-{n}" for n in range(self.events)], seen)

    def check_refused(self):
        key, name = self.fake["access_key_secret"], self.fake["queue"]
        expect("SignatureDoesNotMatch", code_of(lambda: self.with_key("AnotherKey", name).batch_receive_message(16, 1)))
        expect("QueueNotExist", code_of(lambda: self.with_key(key, "ice-callback-none").batch_receive_message(16, 1)))
        expect("MessageNotExist", code_of(lambda: self.queue.batch_delete_message(["1", "2"])))


class Settings:
    """What `mediahook connect` reads and writes: the senders' settings of callbacks."""

    def __init__(self, fakes):
        self.fake, self.tencent = fakes["settings"], fakes["tencent-vod"]
        self.ims, self.vod = (self.alibaba(api, self.fake["access_key_secret"]) for api in (ice, vod))

    def alibaba(self, api, key):
        host = self.fake["endpoint"].removeprefix("http://")
        return api.Client(Config(access_key_id=self.fake["access_key_id"], access_key_secret=key, endpoint=host, protocol="http"))

    def check_tencent(self):
        client = Tencent(self.tencent | {"endpoint": self.fake["endpoint"]}, 0).client
        change, question = models.ModifyEventConfigRequest(), models.DescribeEventConfigRequest()
        change.SubAppId = question.SubAppId = self.tencent["sub_app_id"]
        change.Mode, change.NotificationUrl, change.DeleteMediaCompleteEventSwitch = "PUSH", "https://example.com/a?b=c", "ON"
        change.SignKey = "SignKey1"
        client.ModifyEventConfig(change)
        answer = client.DescribeEventConfig(question)
        expect(("PUSH", "https://example.com/a?b=c", "ON"), (answer.Mode, answer.NotificationUrl, answer.DeleteMediaCompleteEventSwitch))

    def check_ims(self):
        change = dict(callback_type="HTTP", callback_url="https://example.com/a?b=c d", auth_switch="on", auth_key="AuthKey1", event_type_list="A,B")
        self.ims.set_event_callback(ice_models.SetEventCallbackRequest(**change))
        answer = self.ims.get_event_callback().body
        expect(change, {name: getattr(answer, name) for name in change})

    def check_vod(self):
        change = dict(callback_type="HTTP", callback_url="https://example.com/a?b=c d", auth_switch="on", auth_key="AuthKey1", event_type_list="ALL")
        self.vod.set_message_callback(vod_models.SetMessageCallbackRequest(app_id="app-1000000", **change))
        answer = self.vod.get_message_callback(vod_models.GetMessageCallbackRequest(app_id="app-1000000")).body.message_callback
        expect(change, {name: getattr(answer, name) for name in change})

    def check_refused(self):
        ims, vod_ = (self.alibaba(api, "AnotherKey") for api in (ice, vod))
        expect("SignatureDoesNotMatch", code_of(ims.get_event_callback))
        expect("SignatureDoesNotMatch", code_of(lambda: vod_.get_message_callback(vod_models.GetMessageCallbackRequest())))


def code_of(call):
    try:
        call()
    except MNSServerException as error:
        return error.type
    except TencentCloudSDKException as error:
        return error.get_code()
    except TeaException as error:
        return error.code
    return "no error"


def expect(expected, got):
    if expected != got:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


def main():
    fakes = subprocess.Popen([sys.argv[1], "--fakes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    failed = 0
    with fakes:
        described = json.loads(fakes.stdout.readline())
        events, settings = described["events"], Settings(described)
        tencent, alibaba = Tencent(described["tencent-vod"], events), Alibaba(described["alibaba-ims"], events)
        checks = [check for sdk in (tencent, alibaba) for check in (sdk.check_refused, sdk.check_drained)]
        checks += [settings.check_refused, settings.check_tencent, settings.check_ims, settings.check_vod]
        for check in checks:
            name = f"{type(check.__self__).__name__}: {check.__name__.removeprefix('check_')}"
            try:
                check()
                print(f"  ok      {name}", flush=True)
            except Exception as error:  # whatever it is, the others have their turn
                failed += 1
                print(f"  FAILED  {name}\n{type(error).__name__}: {error}", flush=True)
        fakes.stdin.close()  # ends them
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
