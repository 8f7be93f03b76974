#include "enforce/process_owner.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace pinfold::enforce {
namespace {

Realm realm(std::string boot) { return {"desk.example", "0123456789abcdef0123456789abcdef", std::move(boot), "pid:[4026531836]"}; }
std::string owner(const Realm& at) { return at.host + "/" + at.machine + "/" + at.boot + "/" + at.processes + "/4711/98765"; }

TEST(ProcessOwner, KnowsItselfAndWhoHadItsNumberBefore) {
  for (const Reach reach : {Reach::OneMachine, Reach::ManyMachines}) {
    EXPECT_FALSE(process_is_gone(process_owner(), reach));
    EXPECT_TRUE(process_is_gone(process_owner() + "9", reach));  // the same number, another start
  }
}

TEST(ProcessOwner, IsGoneWhenItsProcessIsDeadButNotYetBuried) {
  int names[2];
  ASSERT_EQ(::pipe(names), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string name = process_owner();
    (void)!::write(names[1], name.data(), name.size());
    ::pause();
    ::_exit(0);
  }
  std::string name(500, '\0');
  const ssize_t got = ::read(names[0], name.data(), name.size());
  ASSERT_GT(got, 0);
  name.resize(static_cast<std::size_t>(got));
  EXPECT_FALSE(process_is_gone(name, Reach::OneMachine));
  ::kill(child, SIGKILL);
  siginfo_t end{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);  // a zombie
  EXPECT_TRUE(process_is_gone(name, Reach::OneMachine));
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(process_is_gone(name, Reach::ManyMachines));
  ::close(names[0]);
  ::close(names[1]);
}

TEST(ProcessOwner, OfAnEarlierBootIsGoneWhereOnlyThisMachineCanBe) {
  EXPECT_TRUE(process_is_gone(owner(realm("before")), Reach::OneMachine, realm("now")));
  Realm renamed = realm("now");  // at the reboot
  renamed.host = "desk-2.example";
  EXPECT_TRUE(process_is_gone(owner(realm("before")), Reach::OneMachine, renamed));
}

TEST(ProcessOwner, OfAnEarlierBootAmongManyMachinesIsGoneOnlyIfItWasThisOne) {
  EXPECT_TRUE(process_is_gone(owner(realm("before")), Reach::ManyMachines, realm("now")));
  Realm other = realm("now");
  other.host = "desk-2.example";  // a clone: the same machine id under another name
  EXPECT_FALSE(process_is_gone(owner(realm("before")), Reach::ManyMachines, other));
  other = realm("now");
  other.machine = "fedcba9876543210fedcba9876543210";
  EXPECT_FALSE(process_is_gone(owner(realm("before")), Reach::ManyMachines, other));
  Realm unknown = realm("now");
  unknown.machine.clear();
  Realm before = unknown;
  before.boot = "before";
  EXPECT_FALSE(process_is_gone(owner(before), Reach::ManyMachines, unknown)) << "two containers may have one host name";
}

TEST(ProcessOwner, OfAnotherContainerOnThisKernelIsNotKnown) {
  Realm other = realm("now");
  other.processes = "pid:[1]";
  EXPECT_FALSE(process_is_gone(owner(other), Reach::OneMachine, realm("now")));
}

TEST(ProcessOwner, ThatCannotBeReadIsNotKnown) {
  for (const char* bad : {"", "desk", "elsewhere/boot/pid:[1]/12/34", "a/b/c/d/e/f/g", "//////"}) {
    EXPECT_FALSE(process_is_gone(bad, Reach::OneMachine)) << bad;
  }
  EXPECT_FALSE(process_is_gone("desk.example///pid:[1]/12/34", Reach::OneMachine, realm("now"))) << "its boot is not known";
}

}  // namespace
}  // namespace pinfold::enforce
