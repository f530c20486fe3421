class LoansController < ApplicationController
  def index
    @loans = Loan.late.order(:due_on)
  end
end
