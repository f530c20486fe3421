class Member < ApplicationRecord
  has_many :loans

  def self.with_card(number)
    find_by(card_number: number)
  end

  def replace_card(number)
    update!(card_number: number)
  end
end
