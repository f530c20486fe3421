package org.library;

public class MemberService {
    private final MemberRepository members;

    public MemberService(MemberRepository members) {
        this.members = members;
    }

    public void replaceCard(String old, String number) {
        Member member = members.findByCardNumber(old);
        member.setCardNumber(number);
        members.save(member);
    }
}
